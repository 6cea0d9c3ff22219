import type { CocoDataset } from '../../../datasets/coco/annotations';
import { ImageError } from '../../../datasets/images/decode';
import type { LoaderListeners } from '../../../datasets/loader/batch-loader';
import { PicturesGoneError, type BrokenPicture } from '../../../datasets/loader/broken-pictures';
import {
  describeWorkerDeath,
  WorkerDeathError,
  type WorkerDeath,
} from '../../../datasets/loader/worker-death';
import type { Hook, TrainingState } from '../../../detection/engine/hooks';
import { Interrupted } from '../../terminal/interruption';
import type { LeftOutRecord } from '../folder/left-out';
import { logLine } from '../../terminal/progress';

/** What ends a run that cannot go on without its data. */
export type DataFault = ImageError | PicturesGoneError | WorkerDeathError;

export interface DataFaultsOptions {
  /** What to do when a picture cannot be used. */
  readonly onBrokenPicture: 'stop' | 'skip';
  /** Where pictures that are skipped are written down. */
  readonly record: Pick<LeftOutRecord, 'addBroken'>;
  /** The user's. */
  readonly signal: AbortSignal;
}

/**
 * What goes wrong with a run's data while it trains. What it can do without is said and recorded: pictures in
 * `left-out.json`, and the numbers of both pictures and workers as scalars of the step. What it cannot do without ends the run
 * as a Ctrl-C would: it saves what it has. `fault` is then to be told to the user.
 */
export class DataFaults implements Hook {
  readonly name = 'dataFaults';
  /** For the run: the user asks to stop, or the data ends it. */
  readonly signal: AbortSignal;
  private readonly stop = new AbortController();
  private readonly said = new Set<string>();
  private counts = { broken_pictures: 0, worker_deaths: 0 };
  private latest: DataFault | undefined;

  constructor(private readonly options: DataFaultsOptions) {
    this.signal = AbortSignal.any([options.signal, this.stop.signal]);
  }

  /** What has ended the run, if anything has. */
  get fault(): DataFault | undefined {
    return this.latest;
  }

  /** For the loaders of one of the run's sets. */
  listeners(set: CocoDataset): LoaderListeners {
    return {
      onBrokenPicture: (broken) => this.pictureBroke(set, broken),
      onWorkerDeath: (death) => {
        this.counts.worker_deaths++;
        logWorkerDeath(death);
      },
    };
  }

  /** Batches to train on, until data cannot be used. */
  async *batches<Batch>(loader: AsyncIterable<Batch>): AsyncGenerator<Batch, void> {
    try {
      yield* loader;
    } catch (error) {
      this.endRun(error);
    }
  }

  /** What an evaluation gives; throws Interrupted when data cannot be used, and when the run has been stopped before. */
  async evaluating<T>(evaluate: () => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw new Interrupted('Stopped.');
    try {
      return await evaluate();
    } catch (error) {
      throw this.endRun(error);
    }
  }

  afterStep({ storage }: TrainingState): void {
    for (const [name, count] of Object.entries(this.counts)) {
      if (count > 0) storage.scalar(name, count);
    }
    this.counts = { broken_pictures: 0, worker_deaths: 0 };
  }

  private pictureBroke(set: CocoDataset, broken: BrokenPicture): void {
    if (this.options.onBrokenPicture === 'stop') throw broken.error;
    this.counts.broken_pictures++;
    this.options.record.addBroken(set, broken);
    const key = `${broken.imageId} ${set.file}`;
    if (!this.said.has(key)) logLine(`skipped: ${broken.error.message}`);
    this.said.add(key);
  }

  /** Throws what is no fault of the data. */
  private endRun(error: unknown): Interrupted {
    const isOfData =
      error instanceof ImageError || error instanceof PicturesGoneError || error instanceof WorkerDeathError;
    if (!isOfData) throw error;
    this.latest = error;
    const interrupted = new Interrupted(error.message);
    this.stop.abort(interrupted);
    return interrupted;
  }
}

/** Tells the user that a worker has been replaced. */
export function logWorkerDeath(death: WorkerDeath): void {
  logLine(`a worker thread has died and was replaced: ${describeWorkerDeath(death)}`);
}
