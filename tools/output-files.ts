import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../detection/errors';

/** Writes under a temporary name, then renames: nobody sees half of it. Makes the folder if need be. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  const partial = `${file}.partial-${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(partial, content);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new InputError(`${file}: cannot be written: ${(error as Error).message}`);
  }
}

/** @throws InputError where a file to be written later cannot be: better said before the work than after it. */
export function requireFileName(option: string, file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`${option} ${file}: is a folder; the name of a file is expected`);
  }
  requireFolderName(option, path.dirname(file));
}

/** @throws InputError where the path, or one that it lies under, is a file. */
export function requireFolderName(option: string, folder: string): void {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = statOrUndefined(at);
    if (found?.isDirectory()) return;
    if (found) throw new InputError(`${option} ${folder}: ${at} is a file; a folder is expected`);
  }
}

function statOrUndefined(name: string): ReturnType<typeof statSync> {
  try {
    return statSync(name, { throwIfNoEntry: false });
  } catch {
    return undefined; // below a file: the loop gets to that
  }
}
