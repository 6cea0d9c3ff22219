import {
  accessSync,
  constants,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';

/** Writes under a temporary name, then renames: nobody sees half of it. Makes the folder if need be. */
export function writeAtomically(file: string, content: string | Uint8Array): void {
  const partial = `${file}.partial-${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(partial, content, { flush: true });
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new InputError(`${file}: cannot be written: ${(error as Error).message}`);
  }
}

/**
 * Finds out whether a file can be written later: better said before the work than after it. Makes nothing.
 *
 * @param inputs what the command reads, which it must not overwrite.
 * @throws InputError where it cannot.
 */
export function requireFileName(option: string, file: string, inputs: readonly string[] = []): void {
  if (statOrUndefined(file)?.isDirectory()) {
    throw new InputError(`${option} ${file}: is a folder; the name of a file is expected`);
  }
  requireFolderName(option, path.dirname(file));
  if (statOrUndefined(file) && inputs.some((input) => isSameFile(input, file))) {
    throw new InputError(`${option} ${file}: would overwrite what is read; choose another name`);
  }
}

/**
 * Finds out whether a folder is there or can be made, and can be written to. Makes nothing.
 *
 * @throws InputError where it cannot.
 */
export function requireFolderName(option: string, folder: string): void {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const found = statOrUndefined(at);
    if (found && !found.isDirectory()) {
      throw new InputError(`${option} ${folder}: ${at} is a file; a folder is expected`);
    }
    if (!found) continue;
    try {
      accessSync(at, constants.W_OK | constants.X_OK);
      return;
    } catch (error) {
      throw new InputError(`${option} ${folder}: cannot be written to: ${(error as Error).message}`);
    }
  }
}

/** Like statSync, but undefined for whatever cannot be looked at: it is not there, or its path leads below a file. */
export function statOrUndefined(name: string): ReturnType<typeof statSync> {
  try {
    return statSync(name, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isSameFile(a: string, b: string): boolean {
  return statOrUndefined(a)?.isFile() === true && realpathSync(a) === realpathSync(b);
}
