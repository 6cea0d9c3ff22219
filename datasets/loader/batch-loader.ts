import type { DetectionBatch } from '../../detection/structures/detection-batch';
import { makeImageBatch } from '../../detection/structures/image-batch';
import { sizeInBatch } from './batch-job';
import type { BatchPlan } from './batch-plan';
import { BrokenPictures, repairedPlan, type BrokenPicture, type OnBrokenPicture } from './broken-pictures';
import type { WorkerDeath } from './worker-death';
import { WorkerPool, type LoadedBatch } from './worker-pool';

/** Batches that are loaded ahead. */
export const DEFAULT_PREFETCH = 4;

/** How batches are loaded; what is in them does not depend on it, but for pictures that cannot be used. */
export interface WorkerOptions {
  /**
   * Worker threads. Default 1: decoding and resizing take a small part of the time of a training step, and one
   * worker leaves the other cores to TensorFlow.
   */
  readonly workers?: number;
  /** Batches that are loaded ahead of the one in use; with it they bound the memory. Default 4. */
  readonly prefetch?: number;
  /** Is told of each picture that cannot be used, at its batch. Default: throws its error, which ends the iteration. */
  readonly onBrokenPicture?: OnBrokenPicture;
  /** Is told of each worker that has died and been replaced, when it happens. */
  readonly onWorkerDeath?: (death: WorkerDeath) => void;
}

/** What a loader tells of while it loads. */
export type LoaderListeners = Pick<WorkerOptions, 'onBrokenPicture' | 'onWorkerDeath'>;

/** A batch on its way. */
interface Ordered {
  /** How many came before it in this iteration. */
  readonly index: number;
  readonly plan: BatchPlan;
  readonly loaded: Promise<LoadedBatch>;
}

interface WholeBatch {
  readonly plan: BatchPlan;
  readonly pixels: Float32Array;
  release(): void;
}

/**
 * Loads planned batches in worker threads, ahead of their use. Iterating starts the workers; the end of the
 * iteration, by break or by an error too, stops them. Each iteration begins anew. A worker that dies is replaced, and
 * batches come as if it had not.
 *
 * A batch lives until the next one is asked for: the loader disposes it.
 *
 * A picture that cannot be used, after some attempts, is told to `onBrokenPicture`, or ends the iteration at its batch with
 * an ImageError. PicturesGoneError ends it where that happens to many one after the other, WorkerDeathError where a batch
 * lets workers die, BatchMemoryError where there is no memory for one.
 */
export abstract class BatchLoader implements AsyncIterable<DetectionBatch> {
  private readonly streams = new Set<AsyncGenerator<DetectionBatch, void>>();

  /** @internal */
  protected constructor(private readonly options: WorkerOptions) {}

  /** Loads batches, beginning anew each time; the workers run until the iteration ends. */
  async *[Symbol.asyncIterator](): AsyncGenerator<DetectionBatch, void> {
    const stream = this.load(this.plans());
    this.streams.add(stream);
    try {
      yield* stream;
    } finally {
      this.streams.delete(stream);
    }
  }

  /** Stops the workers and disposes the batch in use. Iterations that run end as if there were no more batches. */
  async close(): Promise<void> {
    await Promise.all([...this.streams].map((stream) => stream.return()));
  }

  /** @internal The batches, in their order. */
  protected abstract plans(): Iterator<BatchPlan>;

  /**
   * @internal
   * Batches whose pictures take the places of those of batch `index` that cannot be used, one after the other until all of
   * them can: a function of `index` alone, so that a resumed run gets the same ones. None: the batch becomes smaller.
   */
  protected abstract substitutes(index: number): Iterator<BatchPlan, void>;

  private async *load(plans: Iterator<BatchPlan>): AsyncGenerator<DetectionBatch, void> {
    const {
      workers = 1,
      prefetch = DEFAULT_PREFETCH,
      onBrokenPicture = throwError,
      onWorkerDeath,
    } = this.options;
    const pool = new WorkerPool(workers, onWorkerDeath);
    const broken = new BrokenPictures(onBrokenPicture);
    const queue: Ordered[] = [];
    let numOrdered = 0;
    const fill = (): void => {
      while (queue.length <= prefetch) {
        const next = plans.next();
        if (next.done === true) return;
        queue.push({ index: numOrdered++, plan: next.value, loaded: pool.load(next.value.job) });
      }
    };
    try {
      for (fill(); queue.length > 0; fill()) {
        const whole = await this.withoutBroken(queue.shift()!, pool, broken);
        if (whole === undefined) continue;
        const { pictures, padded } = whole.plan.job;
        const sizes = pictures.map(sizeInBatch);
        const originalSizes = pictures.map((picture) => picture.size);
        const images = makeImageBatch(whole.pixels, padded, sizes, originalSizes);
        whole.release();
        try {
          yield { images, targets: whole.plan.targets, imageIds: pictures.map((picture) => picture.imageId) };
        } finally {
          images.tensor.dispose();
        }
      }
      broken.allSeen();
    } finally {
      await pool.close();
    }
  }

  /** The batch, with something else in the places of pictures that cannot be used; undefined where nothing is left. */
  private async withoutBroken(
    ordered: Ordered,
    pool: WorkerPool,
    broken: BrokenPictures,
  ): Promise<WholeBatch | undefined> {
    let { plan } = ordered;
    let loaded = await ordered.loaded;
    let substitutes: Iterator<BatchPlan, void> | undefined;
    while (!('pixels' in loaded)) {
      broken.batchRefused(plan, loaded.refused);
      substitutes ??= this.substitutes(ordered.index);
      const repaired = repairedPlan(plan, loaded.refused, substitutes.next().value ?? undefined);
      if (repaired === undefined) return undefined;
      plan = repaired;
      loaded = await pool.load(plan.job);
    }
    broken.batchLoaded();
    return { plan, ...loaded };
  }
}

function throwError({ error }: BrokenPicture): never {
  throw error;
}
