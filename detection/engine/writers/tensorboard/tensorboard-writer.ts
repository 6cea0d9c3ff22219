import type { EventStorage, SummaryImage } from '../../../events/event-storage';
import type { Hook, TrainingState } from '../../hooks';
import { peakMemoryBytes } from '../peak-memory';
import { EventFile } from './event-file';
import { startEvent, summaryEvent, versionEvent } from './events';
import {
  histogramValue,
  imageValue,
  precisionRecallValue,
  scalarValue,
  sessionStartValue,
  sessionSuccessValue,
  type Hyperparameters,
} from './summaries';

/** Options of `TensorBoardWriter`. */
export interface TensorBoardOptions {
  /** Gets an event file of its own from each process that trains. */
  readonly folder: string;
  /** Steps from one of which images, histograms and curves are wanted of the model to the next; none is written more often. */
  readonly detailsEvery: number;
  /** What the run is to be compared with others by. */
  readonly hyperparameters: Hyperparameters;
  /** Draws the boxes, and makes a PNG or JPEG file. */
  readonly encodeImage: (image: SummaryImage) => Promise<Uint8Array>;
}

/**
 * Writes events for TensorBoard: scalars of every step, under the names that they have in `metrics.jsonl`, and
 * whatever images, histograms and curves have been put. When a run is resumed TensorBoard forgets the steps that are
 * done again.
 */
export class TensorBoardWriter implements Hook {
  readonly name: string;
  private file: EventFile | undefined;
  private written = 0;
  /** When each image, histogram or curve has been written last: a step, by name. */
  private readonly detailsWritten = new Map<string, number>();

  /**
   * A hook for one run; the file is opened at its first step.
   *
   * @param options what is written, and where.
   */
  constructor(private readonly options: TensorBoardOptions) {
    this.name = `events in ${options.folder}`;
  }

  /** What has been put at the step that a run goes on from is written: an evaluation that had been interrupted. */
  async beforeTrain(state: TrainingState): Promise<void> {
    const { iteration, storage } = state;
    if (storage.scalarsAfter(iteration - 1).length === 0) return;
    this.open(iteration);
    this.written = iteration - 1;
    await this.afterStep(state);
  }

  beforeStep({ iteration, storage }: TrainingState): void {
    // A run that has no step left to do gets no file.
    if (!this.file) this.open(iteration);
    if ((iteration + 1) % this.options.detailsEvery === 0) storage.wantDetails();
  }

  async afterStep(state: TrainingState): Promise<void> {
    const { storage } = state;
    this.writeScalars(storage);
    const details: Buffer[] = [];
    for (const [name, histogram] of storage.histograms) {
      if (this.isDue(name, state)) details.push(histogramValue(name, histogram));
    }
    for (const [name, curve] of storage.precisionRecallCurves) {
      if (this.isDue(name, state)) details.push(precisionRecallValue(name, curve));
    }
    for (const [name, image] of storage.images) {
      if (!this.isDue(name, state)) continue;
      const encoded = await this.options.encodeImage(image);
      details.push(imageValue(name, image.width, image.height, encoded));
    }
    if (details.length > 0) this.write(storage.iteration, details);
  }

  /** Evaluations put theirs unasked, maybe often: the file must not grow with them. The last ones are always written. */
  private isDue(name: string, { iteration, iterations, storage, shouldStop }: TrainingState): boolean {
    const isLast = iteration === iterations || shouldStop;
    const previous = this.detailsWritten.get(name) ?? -Infinity;
    const isSoon = iteration < previous + this.options.detailsEvery;
    if (isSoon && !storage.wantsDetails && !isLast) return false;
    this.detailsWritten.set(name, iteration);
    return true;
  }

  afterTrain({ iteration, storage, outcome }: TrainingState): void {
    if (!this.file) return;
    this.writeScalars(storage);
    // TensorBoard never takes a session's end back: only that of a run that nobody will go on with is told.
    if (outcome === 'completed') this.write(iteration, [sessionSuccessValue(now())]);
    this.file.close();
    this.file = undefined;
  }

  private open(iteration: number): void {
    this.file = new EventFile(this.options.folder);
    this.file.append(versionEvent(now()));
    this.file.append(startEvent(now(), iteration + 1));
    this.write(0, [sessionStartValue(this.options.hyperparameters, now())]);
    this.written = iteration;
  }

  private writeScalars(storage: EventStorage): void {
    for (const [iteration, values] of storage.scalarsAfter(this.written)) {
      const scalars = { ...values, peak_memory_bytes: peakMemoryBytes() };
      const encoded = Object.entries(scalars).map(([name, value]) => scalarValue(name, value));
      this.write(iteration, encoded);
      this.written = iteration;
    }
  }

  private write(iteration: number, values: readonly Buffer[]): void {
    this.file!.append(summaryEvent(now(), iteration, values));
  }
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}
