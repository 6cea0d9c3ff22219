import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import { destinationOf } from '../../detection/files/destination';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { writeWholeFile } from '../../detection/files/whole-file';

/**
 * Finds out whether a file can be written later: better said before the work than after it. Makes nothing.
 *
 * @param inputs what the command reads, which it must not overwrite.
 * @throws InputError where it cannot.
 */
export function requireFileName(option: string, file: string, inputs: readonly string[] = []): void {
  const found = statOrUndefined(file);
  if (found?.isDirectory()) {
    throw new InputError(
      'output-is-folder',
      `${option} ${file}: is a folder; the name of a file is expected`,
      { option, file },
    );
  }
  const destination = found ? destinationOf(file) : { isReplaced: true, file };
  if (destination.isReplaced) requireFolderName(option, path.dirname(String(destination.file)));
  else requireAccess(option, file, file, constants.W_OK);
  if (found && inputs.some((input) => isSameFile(input, file))) {
    throw new InputError(
      'overwrites-input',
      `${option} ${file}: would overwrite an input; choose another name`,
      { option, file },
    );
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
      throw new InputError(
        'output-below-file',
        `${option} ${folder}: ${at} is a file; a folder is expected`,
        { option, folder, file: at },
      );
    }
    if (!found) continue;
    requireAccess(option, folder, at, constants.W_OK | constants.X_OK);
    return;
  }
}

/**
 * Finds out whether a folder can be made: there is none of its name, or an empty one. Makes nothing.
 *
 * @throws InputError where it cannot.
 */
export function requireNewFolder(option: string, folder: string): void {
  requireFolderName(option, folder);
  requireFolderName(option, path.dirname(path.resolve(folder)));
  if (statOrUndefined(folder) && readdirSync(folder).length > 0) {
    throw new InputError(
      'output-folder-used',
      `${option} ${folder}: is not empty; choose another folder, or delete what is in it`,
      { option, folder },
    );
  }
}

/** Writes what `--json` asks for, and makes its folder if need be. @throws as `writeWholeFile` */
export function writeJson(file: string, content: unknown): void {
  writeWholeFile(file, `${JSON.stringify(content, null, 2)}\n`, { makeFolder: true });
}

function requireAccess(option: string, name: string, at: string, mode: number): void {
  try {
    accessSync(at, mode);
  } catch (error) {
    throw new InputError(
      'output-not-writable',
      `${option} ${name}: cannot be written to: ${(error as Error).message}`,
      { option, name },
    );
  }
}

function isSameFile(a: string, b: string): boolean {
  return statOrUndefined(a)?.isFile() === true && realpathSync(a) === realpathSync(b);
}
