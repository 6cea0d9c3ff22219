import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { hasEnded } from './ended-process';

/** `.NAME.PID.tmp`, a folder that is being written; with `.removed`, one that has been replaced or is being removed. */
const HIDDEN_NAME = /^\.(.+)\.(\d+)\.tmp(\.removed)?$/;

/**
 * Writes a folder under a hidden name beside it, brings it to the disk and renames it: it is whole or not there,
 * whenever the process or the machine dies. One of the same name is replaced; where `fill` throws, it stays.
 *
 * @param fill writes the files, and brings each to the disk.
 */
export function writeWholeFolder(folder: string, fill: (hidden: string) => void): void {
  const hidden = hiddenName(folder);
  const replaced = `${hidden}.removed`;
  rmSync(hidden, { recursive: true, force: true });
  try {
    mkdirSync(hidden);
    fill(hidden);
    syncFolder(hidden);
    if (existsSync(folder)) renameSync(folder, replaced);
    renameSync(hidden, folder);
    syncFolder(path.dirname(folder));
  } catch (error) {
    rmSync(hidden, { recursive: true, force: true });
    if (existsSync(replaced) && !existsSync(folder)) renameSync(replaced, folder);
    throw error;
  }
  rmSync(replaced, { recursive: true, force: true });
}

/** Removes a folder so that nobody ever sees half of it. */
export function removeWholeFolder(folder: string): void {
  const removed = `${hiddenName(folder)}.removed`;
  renameSync(folder, removed);
  rmSync(removed, { recursive: true });
}

/**
 * Removes what processes that died while they wrote or removed folders here have left; what living ones are at stays.
 * To be called before this process writes here: what has its number is of an earlier one that had the same.
 */
export function removeHiddenFolders(parent: string): void {
  const hidden = readdirSync(parent).flatMap((name) => {
    const match = HIDDEN_NAME.exec(name);
    return match && isLeftOver(Number(match[2])) ? [{ name, folder: match[1], removed: match[3] }] : [];
  });
  for (const { name, folder, removed } of hidden) {
    const isReplaced = removed !== undefined && existsSync(path.join(parent, name.slice(0, -removed.length)));
    // Died between the two renames of a replacement: what was to be replaced is still whole.
    if (isReplaced && !existsSync(path.join(parent, folder))) {
      renameSync(path.join(parent, name), path.join(parent, folder));
    }
  }
  for (const { name } of hidden) rmSync(path.join(parent, name), { recursive: true, force: true });
}

/** Whether what a process of this number has left is nobody's any more. Only before this process writes its own. */
export function isLeftOver(pid: number): boolean {
  return pid === process.pid || hasEnded(pid);
}

/** Brings the names in a folder to the disk. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** In the same folder, so that a rename suffices. */
function hiddenName(folder: string): string {
  return path.join(path.dirname(folder), `.${path.basename(folder)}.${process.pid}.tmp`);
}
