import type { BatchJob } from './batch-job';
import type { WorkerDeath } from './worker-death';
import { WorkerThread, type LoadedBatch } from './worker-thread';

/**
 * Worker threads that make the pixels of batches; one that dies is replaced. They keep the process alive only while an
 * answer is awaited. Whoever makes a pool closes it.
 */
export class WorkerPool {
  private readonly threads: readonly WorkerThread[];
  private requests = 0;

  /** @param onDeath is told of each worker that is replaced */
  constructor(count: number, onDeath: (death: WorkerDeath) => void = () => undefined) {
    this.threads = Array.from({ length: count }, () => new WorkerThread(onDeath));
  }

  /**
   * The normalised pixels of a batch, which then belong to the caller, or what is wrong with its pictures.
   *
   * @throws WorkerDeathError if workers die of it, one after another
   */
  load(job: BatchJob): Promise<LoadedBatch> {
    const id = this.requests++;
    return this.threads[id % this.threads.length].load(id, job);
  }

  /** Ends the workers, whatever they are doing. Batches that are awaited fail. */
  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
