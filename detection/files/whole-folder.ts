import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { writingError } from './content';
import { makeFolders } from './make-folders';
import { removedName, temporaryName } from './temporary-names';

/**
 * Writes a folder under a temporary name beside it, brings it to the disk and renames it: it is whole or not there,
 * whenever the process or the machine dies. One of the same name is replaced; where `fill` throws, it stays.
 *
 * @param fill writes the files, and brings each to the disk.
 */
export function writeWholeFolder(folder: string, fill: (temporary: string) => void): void {
  const temporary = temporaryName(folder);
  const replaced = removedName(folder);
  rmSync(temporary, { recursive: true, force: true });
  try {
    mkdirSync(temporary);
    fill(temporary);
    syncFolder(temporary);
    if (existsSync(folder)) renameSync(folder, replaced);
    renameSync(temporary, folder);
    syncFolder(path.dirname(folder));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (existsSync(replaced) && !existsSync(folder)) renameSync(replaced, folder);
    throw error;
  }
  rmSync(replaced, { recursive: true, force: true });
}

/**
 * Makes a folder under a temporary name beside it and renames it: it is there when all is done, or not at all. One of the
 * same name is only replaced where it is empty. Not brought to the disk.
 *
 * @param folder the folders that lead to it are made if need be.
 * @param fill writes the files.
 * @throws InputError where the folder cannot be made.
 */
export async function makeWholeFolder(
  folder: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(folder);
  makeEmpty(folder, temporary);
  try {
    await fill(temporary);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

function makeEmpty(folder: string, temporary: string): void {
  try {
    rmSync(temporary, { recursive: true, force: true });
    makeFolders(temporary);
  } catch (error) {
    throw writingError(folder, error);
  }
}

/** Removes a folder so that nobody ever sees half of it. */
export function removeWholeFolder(folder: string): void {
  const removed = removedName(folder);
  renameSync(folder, removed);
  rmSync(removed, { recursive: true });
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
