import { constants, isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { InputError } from '../../detection/errors';
import { findJsonFault, lineAndColumn } from './json-error';

/** A file that should hold JSON cannot be read, or does not. */
export class JsonFileError extends InputError {
  override readonly name = 'JsonFileError';

  constructor(
    readonly file: string,
    /** Line and column from 1, where the file is text but not JSON. */
    readonly place: { readonly line: number; readonly column: number } | undefined,
    reason: string,
  ) {
    super(
      place === undefined
        ? `${file}: ${reason}`
        : `${file}, line ${place.line}, column ${place.column}: ${reason}`,
    );
  }
}

/** @throws JsonFileError */
export async function readJsonFile(file: string): Promise<unknown> {
  const text = await readText(file);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { position, path, reason } = findJsonFault(text);
    if (text.trim() === '') throw new JsonFileError(file, undefined, 'the file is empty; JSON is expected.');
    const where = path === '' ? '' : ` (at ${path})`;
    throw new JsonFileError(file, lineAndColumn(text, position), `this is not JSON: ${reason}${where}.`);
  }
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > constants.MAX_STRING_LENGTH) {
      const limit = Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20);
      throw new JsonFileError(
        file,
        undefined,
        `the file has ${size} bytes; JSON is read up to ${limit} MiB. Split it.`,
      );
    }
    bytes = await readFile(file);
  } catch (error) {
    if (error instanceof JsonFileError) throw error;
    throw new JsonFileError(file, undefined, `${readingFault(error)}.`);
  }
  if (!isUtf8(bytes)) throw new JsonFileError(file, undefined, 'this is not JSON: it is not text in UTF-8.');
  const hasByteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', hasByteOrderMark ? 3 : 0);
}

function readingFault(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'this is a folder; a JSON file is expected';
  if (code === 'EACCES') return 'the file may not be read (permission denied)';
  return `the file cannot be read (${message})`;
}
