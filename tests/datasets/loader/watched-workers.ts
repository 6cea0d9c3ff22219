import type * as WorkerThreads from 'node:worker_threads';
import type { Worker, WorkerOptions } from 'node:worker_threads';

/** The workers that loaders have started in a test, and what they are started with beside. */
export const watchedWorkers: { started: Worker[]; options: WorkerOptions } = { started: [], options: {} };

/** For `jest.mock('node:worker_threads', ...)`: keeps each worker that is started in `watchedWorkers`. */
export function watchWorkers(): typeof WorkerThreads {
  const actual = jest.requireActual<typeof WorkerThreads>('node:worker_threads');
  class WatchedWorker extends actual.Worker {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(file, { ...options, ...watchedWorkers.options });
      if (String(file).endsWith('worker.ts')) watchedWorkers.started.push(this);
    }
  }
  return { ...actual, Worker: WatchedWorker };
}
