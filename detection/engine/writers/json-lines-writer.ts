import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { writeWholeFile } from '../../files/whole-file';
import type { Hook, TrainingState } from '../hooks';
import { peakMemoryBytes } from './peak-memory';

/** Options of `JsonLinesWriter`. */
export interface JsonLinesOptions {
  /** Path of the file. It is created if needed; its folder must exist. */
  readonly file: string;
  /** Steps from one row to the next. 1 if left out. */
  readonly every?: number;
}

/**
 * Writes scalars as they are (unsmoothed, full precision) to a file of one JSON object a line:
 * `{"iteration": 20, "loss_a": ..., "loss_b": ..., "total_loss": ..., "lr": ..., "data_seconds": ..., "seconds": ...,
 * "peak_memory_bytes": ...}`. A scalar that was last put at an earlier step gets a row of that step, as with
 * detectron2's JSONWriter. A resumed run first drops the rows of steps that are now done again; what has been put at the
 * step that it goes on from, an evaluation's numbers, joins the row of that step.
 */
export class JsonLinesWriter implements Hook {
  readonly name: string;
  private descriptor: number | undefined;
  private written = 0;

  /**
   * A hook for one run; the file is opened when it begins.
   *
   * @param options where rows go, and how often.
   */
  constructor(private readonly options: JsonLinesOptions) {
    this.name = `rows of ${options.file}`;
  }

  beforeTrain(state: TrainingState): void {
    const { file } = this.options;
    const [[, late] = [0, {}]] = state.storage.scalarsAfter(state.iteration - 1);
    dropRowsAfter(file, state.iteration, late);
    this.descriptor = openSync(file, 'a');
    this.written = state.iteration;
  }

  afterStep(state: TrainingState): void {
    if (state.iteration % (this.options.every ?? 1) === 0) this.write(state);
  }

  afterTrain(state: TrainingState): void {
    if (this.descriptor === undefined) return;
    this.write(state);
    closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private write({ storage }: TrainingState): void {
    const rows = storage.scalarsAfter(this.written);
    const lines = rows.map(
      ([iteration, values]) =>
        `${JSON.stringify({ iteration, ...values, peak_memory_bytes: peakMemoryBytes() })}\n`,
    );
    writeSync(this.descriptor!, lines.join(''));
    this.written = rows.at(-1)?.[0] ?? this.written;
  }
}

/**
 * Leaves out of a file, if it is there, the rows of later iterations: they are to be done again.
 *
 * @param late goes into the row of this iteration.
 */
export function dropRowsAfter(
  file: string,
  iteration: number,
  late: Readonly<Record<string, number>> = {},
): void {
  if (!existsSync(file)) return;
  const kept = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => iterationOf(line) <= iteration)
    .map((line) =>
      iterationOf(line) < iteration ? line : JSON.stringify({ ...(JSON.parse(line) as object), ...late }),
    );
  writeWholeFile(file, kept.map((line) => `${line}\n`).join(''));
}

/** Infinity for what is no row: half of one, say, that a crash has left. */
function iterationOf(line: string): number {
  try {
    return (JSON.parse(line) as { iteration: number }).iteration;
  } catch {
    return Infinity;
  }
}
