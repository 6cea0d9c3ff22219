import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { statOrUndefined } from './stat-or-undefined';

/**
 * Makes a folder and those that lead to it, where they are missing. Node's own `recursive` never returns where the system
 * refuses a new folder in one that is there with "no such file", as in /proc.
 *
 * @returns the outermost folder that was made; undefined where all were there.
 * @throws the system's error; folders made on the way stay.
 */
export function makeFolders(folder: string): string | undefined {
  const whole = path.resolve(folder);
  if (statOrUndefined(whole)?.isDirectory() === true) return undefined;
  const missing = [whole];
  for (let at = path.dirname(whole); statOrUndefined(at) === undefined; at = path.dirname(at))
    missing.unshift(at);
  for (const at of missing) makeOne(at);
  return missing[0];
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it in the meantime.
    if (statOrUndefined(folder)?.isDirectory() !== true) throw error;
  }
}
