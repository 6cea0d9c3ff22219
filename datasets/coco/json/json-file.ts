import { open } from 'node:fs/promises';
import { InputError } from '../../../detection/errors';
import type { TextPlace } from './json-error';
import { JsonTextError, parseJson, type KeepEntry } from './json-text';

/** A file that should hold JSON cannot be read, or does not. */
export class JsonFileError extends InputError {
  override readonly name = 'JsonFileError';

  /** @internal */
  constructor(
    code: string,
    /** Path of the file. */
    readonly file: string,
    /** Line and column from 1, where the file is text but not JSON. */
    readonly place: TextPlace | undefined,
    reason: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(
      code,
      place === undefined
        ? `${file}: ${reason}`
        : `${file}, line ${place.line}, column ${place.column}: ${reason}`,
      facts,
      options,
    );
  }
}

/**
 * Reads a JSON file of any size: what JSON.parse of its text would give, but that `keepEntry` decides what stays of the
 * entries of lists right below the root.
 *
 * @param nonFinite whether NaN, Infinity and -Infinity are numbers, as in Python's json
 * @throws JsonFileError
 */
export async function readJsonFile(
  file: string,
  keepEntry?: KeepEntry,
  { nonFinite = false } = {},
): Promise<unknown> {
  const refuse = (error: unknown): never => {
    const { code, reason } = readingFault(error);
    throw new JsonFileError(code, file, undefined, `${reason}.`, {}, { cause: error });
  };
  const handle = await open(file).catch(refuse);
  try {
    const read = async (buffer: Uint8Array): Promise<number> =>
      (await handle.read(buffer).catch(refuse)).bytesRead;
    return await parseJson(read, keepEntry, undefined, nonFinite);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new JsonFileError(error.code, file, error.place, error.message, error.facts);
  } finally {
    await handle.close();
  }
}

function readingFault(error: unknown): { code: string; reason: string } {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { code: 'json-missing', reason: 'there is no such file' };
  if (code === 'EISDIR') return { code: 'json-folder', reason: 'this is a folder; a JSON file is expected' };
  if (code === 'EACCES')
    return { code: 'json-forbidden', reason: 'the file may not be read (permission denied)' };
  return { code: 'json-unreadable', reason: `the file cannot be read (${message})` };
}
