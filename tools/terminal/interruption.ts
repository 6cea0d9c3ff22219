import { Worker } from 'node:worker_threads';

/**
 * The user stopped the command with Ctrl-C and everything worth keeping has been saved. The command line exits with
 * status 130; the message says how to go on.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What a job gives; undefined where it has been interrupted. */
export async function unlessInterrupted<T>(job: () => Promise<T>): Promise<T | undefined> {
  try {
    return await job();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return undefined;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Of a Ctrl-C that arrives twice, the second comes a millisecond or two after the first: npm passes on what the terminal has
 * sent to all of its processes. Nobody presses a key twice so fast.
 */
const ECHO_MILLISECONDS = 500;

/**
 * Runs a job with a signal that the first Ctrl-C (or SIGTERM) aborts: the job saves what it has and ends. A second
 * one, unless it is the first one's echo, kills the process at once, also in the middle of a long step.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const name of SIGNALS) process.on(name, stop);
  const killer = new Worker(KILL_AT_SECOND_SIGNAL, { eval: true });
  killer.unref();
  // Without it a second Ctrl-C acts after the step.
  killer.on('error', () => undefined);
  try {
    return await job(controller.signal);
  } finally {
    await killer.terminate();
    for (const name of SIGNALS) process.off(name, stop);
  }
}

/**
 * A step of training is one call that lets the main thread hear nothing until it returns: half a minute with a large
 * model. Node.js keeps `process.on('SIGINT')` for the main thread, but what is below it works in each, in Node.js 20
 * and 22, which are those that this project runs on.
 */
const KILL_AT_SECOND_SIGNAL = `
  process.noDeprecation = true; // process.binding is discouraged
  const { Signal } = process.binding('signal_wrap');
  const { SIGINT, SIGTERM, SIGKILL } = require('node:os').constants.signals;
  let first;
  for (const number of [SIGINT, SIGTERM]) {
    const listener = new Signal();
    listener.onsignal = () => {
      first ??= performance.now();
      if (performance.now() > first + ${ECHO_MILLISECONDS}) process.kill(process.pid, SIGKILL);
    };
    listener.start(number);
  }`;
