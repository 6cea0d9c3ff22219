import { spawn } from 'node:child_process';

/** What asks a command to end: Ctrl-C, and what a shell or a scheduler sends. */
export const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Of a Ctrl-C that arrives twice, the second comes a millisecond or two after the first: npm passes on what the terminal has
 * sent to all of its processes. Nobody presses a key twice so fast.
 */
const ECHO_MILLISECONDS = 500;

/**
 * A step of training is one call that lets this process hear nothing until it returns: half a minute with a large model. A
 * terminal sends its Ctrl-C to every process of the group; so a small one of ours, which hears it all the time, kills this one.
 */
export function listenForSecondSignal(): { end(): void } {
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
