import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeContent, writingError, type Content } from './content';
import { destinationOf } from './destination';
import { makeFolders } from './make-folders';
import { temporaryName } from './temporary-names';

export interface WholeFileOptions {
  /** Makes the file's folder if need be. Default false. */
  readonly makeFolder?: boolean;
}

/**
 * Writes a file under a temporary name beside it, brings it to the disk and renames it: nobody ever sees half of it. A link
 * stays, and what it leads to is written. What is no regular file, a pipe or a device, is written through.
 *
 * @returns the bytes written
 * @throws InputError where it cannot be written, with the system's error as its cause; nothing is left behind then.
 */
export function writeWholeFile(
  file: string,
  content: Content,
  { makeFolder = false }: WholeFileOptions = {},
): number {
  try {
    const destination = destinationOf(file);
    if (!destination.isReplaced) return writeContent(destination.file, content, { isFlushed: false });
    if (makeFolder) makeFolders(path.dirname(destination.file));
    return replaceFile(destination.file, content);
  } catch (error) {
    throw writingError(file, error);
  }
}

function replaceFile(file: string, content: Content): number {
  const temporary = temporaryName(file);
  try {
    const written = writeContent(temporary, content, { isFlushed: true });
    renameSync(temporary, file);
    return written;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
