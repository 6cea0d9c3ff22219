import { median, type EventStorage } from '../../events/event-storage';
import type { Hook, TrainingState } from '../hooks';
import { formatDuration, isTerminal, LiveLines, progressBar, type ProgressOutput } from './live-lines';
import { peakMemoryBytes } from './peak-memory';

/** Options of `ProgressWriter`. */
export interface ProgressOptions {
  /** The stream that progress is written to, such as `process.stderr`. */
  readonly output: ProgressOutput;
  /** Images of a step: tells images a second instead of steps a second. */
  readonly imagesPerStep?: number;
  /** Scalars whose last value is shown, once there is one, by what they are called there: what evaluations found. */
  readonly scores?: Readonly<Record<string, string>>;
  /** A score as it is shown. With three decimals if left out. */
  readonly formatScore?: (score: number) => string;
  /** Steps from one line to the next where the output is no terminal. 20 if left out. */
  readonly every?: number;
}

/** Steps that losses and speed are smoothed over, as in detectron2's CommonMetricPrinter. */
const WINDOW = 20;
const MIN_BAR_WIDTH = 6;
const MAX_BAR_WIDTH = 42;
/** What does not fit on these is left out: a terminal of 80 columns needs three. */
const MAX_ROWS = 4;

/** Tells how training gets on: a bar and numbers that change on a terminal, plain lines elsewhere. */
export class ProgressWriter implements Hook {
  readonly name = 'progress';
  private readonly lines: LiveLines | undefined;
  private latest: TrainingState | undefined;
  /** The last step that got a plain line. */
  private told = 0;
  private readonly outside = new TimeOutsideOfSteps();

  /**
   * A hook for one run.
   *
   * @param options what is told, and where.
   */
  constructor(private readonly options: ProgressOptions) {
    this.lines = isTerminal(options.output) ? new LiveLines(options.output) : undefined;
  }

  afterStep(state: TrainingState): void {
    const { every = WINDOW } = this.options;
    // A copy: the trainer counts on in its own.
    this.latest = { ...state };
    this.outside.afterStep(state.storage);
    if (this.lines) {
      this.lines.show((columns) => this.draw(state, columns));
    } else if (state.iteration % every === 0) {
      this.log(state);
    }
  }

  /** The numbers of the last step stay. */
  afterTrain(): void {
    const { lines, latest } = this;
    if (!latest) return;
    if (lines) {
      lines.show((columns) => this.draw(latest, columns), true);
      lines.leave();
    } else if (latest.iteration !== this.told) {
      this.log(latest);
    }
    this.latest = undefined;
  }

  private log(state: TrainingState): void {
    this.options.output.write(`${this.plainLine(state)}\n`);
    this.told = state.iteration;
  }

  /** `120/1000  total_loss 0.9122  6.21 images/s  waiting 1 %  1.28 GiB  0:02:24 left  lr 0.00500  val/AP 0.512  loss_box ...` */
  private plainLine(state: TrainingState): string {
    const { iteration, iterations, storage } = state;
    const total = loss(storage, 'total_loss', 'total_loss');
    const losses = storage.lossNames.flatMap((name) => loss(storage, name, name));
    const { speed, lr, scores, left } = this.numbers(state);
    return [`${iteration}/${iterations}`, ...total, ...speed, ...left, ...lr, ...scores, ...losses].join(
      '  ',
    );
  }

  /** The bar, how far it has come and how long it will take; below it the rest, as far as there is room. */
  private draw(state: TrainingState, columns: number): string[] {
    const { iteration, iterations, storage } = state;
    const { speed, lr, scores, left } = this.numbers(state);
    const digits = String(iterations).length;
    const head = [`${String(iteration).padStart(digits)}/${iterations}`, ...left].join('  ');
    const room = Math.min(MAX_BAR_WIDTH, columns - head.length - 1);
    const bar = room < MIN_BAR_WIDTH ? '' : `${progressBar(iteration / iterations, room)} `;
    const total = loss(storage, 'total_loss', 'loss');
    // `loss_` would not be news there, and takes a line.
    const losses = storage.lossNames.flatMap((name) => loss(storage, name, name.replace(/^loss_/, '')));
    const rows = flow([...scores, ...speed, ...lr, ...total, ...losses], columns).slice(0, MAX_ROWS - 1);
    return [`${bar}${head}`, ...rows];
  }

  /** Texts, each in a list that is empty where there is nothing to tell yet. */
  private numbers(state: TrainingState): Record<'speed' | 'lr' | 'scores' | 'left', string[]> {
    const { iteration, iterations, storage, shouldStop } = state;
    const isOver = iteration === iterations || shouldStop;
    const { imagesPerStep = 1, scores = {}, formatScore = threeDecimals } = this.options;
    const unit = this.options.imagesPerStep === undefined ? 'it/s' : 'images/s';
    const seconds = median(storage.history('seconds'), WINDOW);
    const waiting = sum(storage, 'data_seconds') / sum(storage, 'seconds');
    const secondsLeft = (iterations - iteration) * (seconds + this.outside.secondsPerStep);
    const rate = storage.latest('lr')?.value;
    return {
      speed: [
        ...(seconds > 0 ? [`${(imagesPerStep / seconds).toPrecision(3)} ${unit}`] : []),
        ...(waiting >= 0 ? [`waiting ${Math.round(100 * waiting)} %`] : []),
        `${(peakMemoryBytes() / 2 ** 30).toFixed(2)} GiB`,
      ],
      left: !isOver && secondsLeft >= 0 ? [`${formatDuration(secondsLeft)} left`] : [],
      lr: rate === undefined ? [] : [`lr ${rate.toPrecision(3)}`],
      scores: Object.entries(scores).flatMap(([label, name]) => {
        const score = storage.latest(name)?.value;
        return score === undefined ? [] : [`${label} ${formatScore(score)}`];
      }),
    };
  }
}

/** What a run does beside its steps: evaluations and checkpoints, above all. */
class TimeOutsideOfSteps {
  private previous: number | undefined;
  private milliseconds = 0;
  private steps = 0;

  /** On the average of the steps that this process has done. */
  get secondsPerStep(): number {
    return this.milliseconds / Math.max(1, this.steps) / 1000;
  }

  afterStep(storage: EventStorage): void {
    const now = performance.now();
    if (this.previous !== undefined) {
      const inStep = 1000 * (storage.latest('seconds')?.value ?? 0);
      this.milliseconds += Math.max(0, now - this.previous - inStep);
      this.steps++;
    }
    this.previous = now;
  }
}

function threeDecimals(score: number): string {
  return score.toFixed(3);
}

function loss(storage: EventStorage, name: string, label: string): string[] {
  const value = median(storage.history(name), WINDOW);
  if (Number.isNaN(value)) return [];
  // Of a run that is about to diverge, dozens of digits would not be news.
  return [`${label} ${value < 1e6 ? value.toFixed(4) : value.toExponential(3)}`];
}

/** NaN of none. */
function sum(storage: EventStorage, name: string): number {
  const values = storage.history(name).slice(-WINDOW);
  return values.length === 0 ? NaN : values.reduce((total, { value }) => total + value, 0);
}

/** Rows of no more than `columns` characters, none of the texts taken apart. */
function flow(texts: readonly string[], columns: number): string[] {
  const rows: string[] = [];
  for (const text of texts) {
    const row = rows.at(-1);
    if (row !== undefined && row.length + 2 + text.length <= columns)
      rows[rows.length - 1] = `${row}  ${text}`;
    else rows.push(text);
  }
  return rows;
}
