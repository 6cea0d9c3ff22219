import { listenForSecondSignal, SIGNALS } from './second-signal';

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

/**
 * Runs a job with a signal that the first Ctrl-C (or SIGTERM) aborts, with Interrupted as its reason: the job saves what it has
 * and ends. A second Ctrl-C, unless it is the first one's echo, kills the process at once, also in the middle of a long step.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Interrupted('Stopped; nothing was written.'));
  for (const name of SIGNALS) process.on(name, stop);
  const listener = listenForSecondSignal();
  try {
    return await job(controller.signal);
  } finally {
    listener.end();
    for (const name of SIGNALS) process.off(name, stop);
  }
}
