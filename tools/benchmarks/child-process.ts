import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { InputError } from '../../detection/errors';
import { Interrupted } from '../terminal/interruption';

/** A program and its arguments. */
export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
}

/** A compiled program of this folder, which takes its options as JSON. */
export function benchmarkProgram(name: string, options: object): ProgramCall {
  return { program: process.execPath, args: [path.join(__dirname, `${name}.js`), JSON.stringify(options)] };
}

/**
 * Runs a program in a fresh process and returns what it printed.
 *
 * @throws InputError where it fails, with its last line; Interrupted where the user stopped it.
 */
export async function runProgram({ program, args }: ProgramCall, signal: AbortSignal): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { signal, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    if (signal.aborted) throw new Interrupted('stopped');
    const { stderr, message } = error as Error & { stderr?: string };
    const reason = stderr?.trim().split('\n').at(-1) ?? message;
    throw new InputError('program-failed', `${program} ${args.join(' ')} failed: ${reason}`, {
      program,
      args,
    });
  }
}
