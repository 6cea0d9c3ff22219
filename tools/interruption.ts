/**
 * The user stopped the command with Ctrl-C and everything worth keeping has been saved. The command line exits with
 * status 130; the message says how to go on.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs a job with a signal that the first Ctrl-C (or SIGTERM) aborts: the job saves what it has and ends. A second
 * one ends the process at once, as without us.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await job(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
