import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Membership } from './membership';

/** How a rank that rank 0 has started is told its place. */
export const PLACE_VARIABLE = 'FASTER_RCNN_PLACE';

/** The descriptor that such a rank says its last word to, where rank 0 is not there to say it. */
export const LAST_WORD = 3;

/**
 * Starts a rank on this machine. It says nothing: rank 0 speaks for all.
 *
 * @param script what it runs.
 * @param onEnd is told how it has ended.
 */
export function launchRank(script: string, place: Membership, onEnd: (how: string) => void): ChildProcess {
  const load =
    path.extname(script) === '.ts' ? ['-r', require.resolve('ts-node/register/transpile-only')] : [];
  const child = spawn(process.execPath, [...load, script], {
    stdio: ['ignore', 'ignore', 'ignore', 2],
    env: { ...process.env, [PLACE_VARIABLE]: JSON.stringify(place) },
  });
  child.on('error', (error) => onEnd(error.message));
  child.on('exit', (status, signal) => onEnd(signal ? `it got ${signal}` : `exit status ${status}`));
  return child;
}
