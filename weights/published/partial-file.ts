import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hasEnded } from '../../detection/files/ended-process';

/**
 * The name under which this process writes a file that is being downloaded: beside the file, and nobody else's, so that
 * processes that download the same file at the same time do not meet. What a process that has ended left behind is
 * taken over: the longest of them, the others are removed.
 */
export function claimPartial(file: string): string {
  const own = partialName(file, process.pid);
  if (existsSync(own)) return own;
  const left = readdirSync(path.dirname(file))
    .map((name) => path.join(path.dirname(file), name))
    .filter((name) => isAbandoned(file, name))
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  for (const name of left) {
    try {
      if (existsSync(own)) rmSync(name);
      else renameSync(name, own);
    } catch (error) {
      // Another process was faster.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return own;
}

/** In bytes; 0 where there is no such file. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function partialName(file: string, pid: number): string {
  return `${file}.${os.hostname()}.${pid}.partial`;
}

/** Whether a name is that of the partial file of a process of this machine that runs no more. */
function isAbandoned(file: string, name: string): boolean {
  const pid = Number(/\.(\d+)\.partial$/.exec(name)?.[1]);
  return name === partialName(file, pid) && hasEnded(pid);
}
