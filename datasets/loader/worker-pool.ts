import { numValues, type BatchJob, type RefusedPicture } from './batch-job';
import { PixelBuffers } from './pixel-buffers';
import type { WorkerDeath } from './worker-death';
import { WorkerThread } from './worker-thread';

/**
 * What workers have made of a batch: its pixels, [N, H, W, 3], until `release` is called, or all pictures that keep it from
 * being made.
 */
export type LoadedBatch =
  { readonly pixels: Float32Array; release(): void } | { readonly refused: readonly RefusedPicture[] };

/**
 * Worker threads that make the pixels of batches; one that dies is replaced. They keep the process alive only while an
 * answer is awaited. Whoever makes a pool closes it.
 */
export class WorkerPool {
  private readonly threads: readonly WorkerThread[];
  private readonly buffers = new PixelBuffers();
  private requests = 0;

  /** @param onDeath is told of each worker that is replaced */
  constructor(count: number, onDeath: (death: WorkerDeath) => void = () => undefined) {
    this.threads = Array.from({ length: count }, () => new WorkerThread(onDeath));
  }

  /**
   * The normalized pixels of a batch, or what is wrong with its pictures. Memory is that of the batches under way and of
   * those that have not been given back.
   *
   * @throws WorkerDeathError if workers die of it, one after another
   */
  load(job: BatchJob): Promise<LoadedBatch> {
    const loaded = this.loadShared(job);
    // A batch that nobody comes to fetch any more must not end the process when it fails.
    loaded.catch(() => undefined);
    return loaded;
  }

  /** Ends the workers, whatever they are doing. Batches that are awaited fail. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private async loadShared(job: BatchJob): Promise<LoadedBatch> {
    const id = this.requests++;
    const length = numValues(job);
    const buffer = this.buffers.take(length * Float32Array.BYTES_PER_ELEMENT);
    const release = () => this.buffers.release(buffer);
    const refused = await this.threads[id % this.threads.length].load({ id, job, buffer });
    if (refused.length === 0) return { pixels: new Float32Array(buffer, 0, length), release };
    release();
    return { refused };
  }
}
