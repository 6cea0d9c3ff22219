import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ImageError } from '../images/decode';
import type { BatchAnswer, BatchJob, BatchRequest } from './batch-job';

interface Waiting {
  readonly worker: Worker;
  resolve(pixels: Float32Array): void;
  reject(error: Error): void;
}

/** Compiled code starts compiled workers; sources, run by ts-node or jest, start sources. */
function startWorker(): Worker {
  const extension = extname(__filename);
  const execArgv =
    extension === '.ts' ? ['-r', require.resolve('ts-node/register/transpile-only')] : undefined;
  return new Worker(join(__dirname, `worker${extension}`), { execArgv });
}

/**
 * Worker threads that make the pixels of batches. They keep the process alive only while an answer is awaited.
 * Whoever makes a pool closes it.
 */
export class WorkerPool {
  private readonly workers: readonly Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;

  constructor(count: number) {
    this.workers = Array.from({ length: count }, () => {
      const worker = startWorker();
      worker.unref();
      worker.on('message', (answer: BatchAnswer) => this.settle(answer));
      worker.on('error', (error) => this.abandon(worker, error));
      worker.on('exit', () => this.abandon(worker, new Error('the worker that loads images has ended')));
      return worker;
    });
  }

  /**
   * The normalised pixels of a batch, [N, H, W, 3], which then belong to the caller.
   *
   * @throws ImageError for a picture that cannot be used
   */
  load(job: BatchJob): Promise<Float32Array> {
    const id = this.requests++;
    const worker = this.workers[id % this.workers.length];
    const pixels = new Promise<Float32Array>((resolve, reject) =>
      this.waiting.set(id, { worker, resolve, reject }),
    );
    // A batch that nobody comes to fetch any more must not end the process when it fails.
    pixels.catch(() => undefined);
    const request: BatchRequest = { id, job };
    worker.ref();
    worker.postMessage(request);
    return pixels;
  }

  /** Ends the workers, whatever they are doing. Batches that are awaited fail. */
  async close(): Promise<void> {
    await Promise.all(
      this.workers.map((worker) => {
        // First, so that a late answer does not unref the worker: the process would then end before terminate is done.
        this.abandon(worker, new Error('the loader is closed'));
        return worker.terminate();
      }),
    );
  }

  private settle(answer: BatchAnswer): void {
    const waiting = this.waiting.get(answer.id);
    if (waiting === undefined) return;
    this.waiting.delete(answer.id);
    if (![...this.waiting.values()].some(({ worker }) => worker === waiting.worker)) waiting.worker.unref();
    if ('pixels' in answer) waiting.resolve(new Float32Array(answer.pixels));
    else waiting.reject(new ImageError(answer.refused.file, answer.refused.reason));
  }

  private abandon(worker: Worker, error: Error): void {
    for (const [id, waiting] of this.waiting) {
      if (waiting.worker !== worker) continue;
      this.waiting.delete(id);
      waiting.reject(error);
    }
  }
}
