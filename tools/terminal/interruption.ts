import { spawn } from 'node:child_process';

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

/**
 * A step of training is one call that lets this process hear nothing until it returns: half a minute with a large model. A
 * terminal sends its Ctrl-C to every process of the group; so a small one of ours, which hears it all the time, kills this one.
 */
function listenForSecondSignal(): { end(): void } {
  const child = spawn(process.execPath, ['-e', KILL_AT_SECOND_SIGNAL], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Nothing that was meant for this process: a debugger's port, modules to load first.
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  child.unref();
  // Without the listener a second Ctrl-C acts after the step.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  return { end: () => void child.kill('SIGKILL') };
}

/** It ends with its parent, whose end of the pipe closes then, however it ended. */
const KILL_AT_SECOND_SIGNAL = `
  let first;
  const hear = () => {
    first ??= performance.now();
    if (performance.now() > first + ${ECHO_MILLISECONDS}) process.kill(process.ppid, 'SIGKILL');
  };
  for (const name of ${JSON.stringify(SIGNALS)}) process.on(name, hear);
  process.stdin.resume().on('end', () => process.exit());`;
