import type { DetectionBatch } from '../../detection/structures/detection-batch';
import { makeImageBatch } from '../../detection/structures/image-batch';
import type { BatchPlan } from './batch-plan';
import { WorkerPool } from './worker-pool';

/** How batches are loaded; what is in them does not depend on it. */
export interface WorkerOptions {
  /**
   * Worker threads. Default 1: decoding and resizing take a small part of the time of a training step, and one
   * worker leaves the other cores to TensorFlow.
   */
  readonly workers?: number;
  /** Batches that are loaded ahead of the one in use; with it they bound the memory. Default 4. */
  readonly prefetch?: number;
}

/**
 * Loads planned batches in worker threads, ahead of their use. Iterating starts the workers; the end of the
 * iteration, by break or by an error too, stops them. Each iteration begins anew.
 *
 * A batch lives until the next one is asked for: the loader disposes it. A picture that cannot be used ends the
 * iteration with an ImageError at the batch that it belongs to.
 */
export abstract class BatchLoader implements AsyncIterable<DetectionBatch> {
  private readonly streams = new Set<AsyncGenerator<DetectionBatch, void>>();
  private waitSeconds = 0;

  protected constructor(private readonly options: WorkerOptions) {}

  /** How long the latest batch was waited for. */
  get lastWaitSeconds(): number {
    return this.waitSeconds;
  }

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

  protected abstract plans(): Iterator<BatchPlan>;

  private async *load(plans: Iterator<BatchPlan>): AsyncGenerator<DetectionBatch, void> {
    const { workers = 1, prefetch = 4 } = this.options;
    const pool = new WorkerPool(workers);
    const queue: { plan: BatchPlan; pixels: Promise<Float32Array> }[] = [];
    const fill = (): void => {
      while (queue.length <= prefetch) {
        const next = plans.next();
        if (next.done === true) return;
        queue.push({ plan: next.value, pixels: pool.load(next.value.job) });
      }
    };
    try {
      for (fill(); queue.length > 0; fill()) {
        const { plan, pixels } = queue.shift()!;
        const start = performance.now();
        const values = await pixels;
        this.waitSeconds = (performance.now() - start) / 1000;
        const { pictures, padded } = plan.job;
        const sizes = pictures.map((picture) => picture.resized);
        const originalSizes = pictures.map((picture) => picture.size);
        const images = makeImageBatch(values, padded, sizes, originalSizes);
        try {
          yield { images, targets: plan.targets, imageIds: pictures.map((picture) => picture.imageId) };
        } finally {
          images.tensor.dispose();
        }
      }
    } finally {
      await pool.close();
    }
  }
}
