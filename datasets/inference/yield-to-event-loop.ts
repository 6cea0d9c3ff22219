/**
 * Lets the event loop take a turn between pieces of synchronous work: signals are only delivered then.
 *
 * @throws the reason of a signal that has been aborted.
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}
