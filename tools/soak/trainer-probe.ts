/**
 * Loaded into a process that trains before its program (`node --require`), by the soak alone. It tells how much memory
 * the process has and how many tensors, always at the same point of a step, and ends threads that load pictures when it
 * is told to: nobody can do either from outside.
 */
import fs, { readdirSync } from 'node:fs';
import threads, { isMainThread, type WorkerOptions } from 'node:worker_threads';
import type * as Tf from '@tensorflow/tfjs-core';

/** Asks for the end of a loader's thread, whichever the number in [0, 1) chooses. */
export interface ProbeOrder {
  readonly endWorker: number;
}

/** What the process has as it writes a row of its metrics. */
export interface ProbeSample {
  readonly iteration: number;
  readonly tensors: number;
  /** Of the tensors. */
  readonly tensorBytes: number;
  readonly residentBytes: number;
  /** JavaScript's objects and buffers. */
  readonly heapBytes: number;
  readonly threads: number;
  readonly openFiles: number;
}

export type ProbeMessage = { readonly sample: ProbeSample } | { readonly endedWorker: EndedWorker };

/** A loader's thread that has been ended. */
export interface EndedWorker {
  /** How many there were. */
  readonly of: number;
  /** Whether its loader was closed meanwhile, as at the end of an evaluation: then nobody misses it. */
  readonly isClosed: boolean;
}

function send(message: ProbeMessage): void {
  process.send?.(message);
}

/** Rows begin so; JsonLinesWriter writes each step's at once, after the step. */
const ROW = /^\{"iteration":(\d+)/;

function watchRows(): void {
  const { writeSync } = fs;
  const watched = (descriptor: number, data: unknown, ...rest: unknown[]): number => {
    const written = (writeSync as (...all: unknown[]) => number)(descriptor, data, ...rest);
    const row = typeof data === 'string' ? ROW.exec(data.slice(data.trimEnd().lastIndexOf('\n') + 1)) : null;
    if (row) send({ sample: takeSample(Number(row[1])) });
    return written;
  };
  Object.assign(fs, { writeSync: watched });
}

function takeSample(iteration: number): ProbeSample {
  // The program's own TensorFlow.js, which is there by now.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { numTensors, numBytes } = (require('@tensorflow/tfjs-core') as typeof Tf).memory();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    iteration,
    tensors: numTensors,
    tensorBytes: numBytes,
    residentBytes: rss,
    heapBytes: heapUsed + external,
    threads: readdirSync('/proc/self/task').length,
    openFiles: readdirSync('/proc/self/fd').length,
  };
}

const LOADER_WORKER = /\bloader[\\/]worker\.js$/;

function watchWorkers(): void {
  const alive = new Set<WatchedWorker>();
  class WatchedWorker extends threads.Worker {
    isClosed = false;

    constructor(file: string | URL, options?: WorkerOptions) {
      super(file, options);
      if (!LOADER_WORKER.test(String(file))) return;
      alive.add(this);
      this.on('exit', () => alive.delete(this));
    }

    /** Called by the program when it closes a loader. */
    override terminate(): Promise<number> {
      this.isClosed = true;
      return this.end();
    }

    end(): Promise<number> {
      alive.delete(this);
      return super.terminate();
    }
  }
  Object.assign(threads, { Worker: WatchedWorker });
  process.on('message', ({ endWorker }: ProbeOrder) => {
    const of = alive.size;
    const victim = [...alive][Math.floor(endWorker * of)];
    if (victim === undefined) return send({ endedWorker: { of, isClosed: true } });
    void victim.end().then(() => send({ endedWorker: { of, isClosed: victim.isClosed } }));
  });
  process.channel?.unref(); // listening must not keep a program alive that is done
}

if (isMainThread) {
  watchRows();
  watchWorkers();
}
