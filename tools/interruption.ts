/**
 * The user stopped the command with Ctrl-C and everything worth keeping has been saved. The command line exits with
 * status 130; the message says how to go on.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs a job with a signal that the first Ctrl-C (or SIGTERM) aborts: the job saves what it has and ends. A second
 * one ends the process at once, as without us; where both come while the job lets nothing else happen, at the end of
 * that.
 */
export async function interruptible<T>(job: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      ignore();
      process.kill(process.pid, name);
      return;
    }
    controller.abort();
    // Without a listener the system itself ends the process, whatever that is at. Not before the signals have been
    // heard that came together with this one: they would be lost.
    setImmediate(ignore);
  };
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((name) => [name, () => stop(name)] as const);
  const ignore = (): void => {
    for (const [name, listener] of listeners) process.off(name, listener);
  };
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return await job(controller.signal);
  } finally {
    ignore();
  }
}
