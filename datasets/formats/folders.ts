import { readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';

/** A text file's lines without blanks at their ends; a mark of the byte order at its beginning is dropped. */
export function readLines(file: string): string[] {
  return readTextFile(file)
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim());
}

/**
 * A text file.
 *
 * @throws InputError where it cannot be read.
 */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new InputError('data-file-unreadable', `${file}: cannot be read: ${(error as Error).message}`, {
      file,
    });
  }
}

/** A file's name without its extension. */
export function withoutExtension(file: string): string {
  return file.slice(0, file.length - path.extname(file).length);
}
