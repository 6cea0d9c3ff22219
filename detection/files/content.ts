import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { InputError } from '../errors';

/** What a file is to hold: text, which is written as UTF-8, or bytes in any number of parts. */
export type Content = string | Iterable<Uint8Array>;

/** Longest single write; the system's limit is a little below 2 GiB. */
const CHUNK_BYTES = 1 << 30;
/** Until a pipe is asked again whether it has room, in milliseconds. */
const PIPE_PATIENCE = 5;

/**
 * Writes a file from its beginning; or to a descriptor, where it is.
 *
 * @param isFlushed brings it to the disk before it returns. Pipes cannot.
 * @returns the bytes written
 */
export function writeContent(
  file: string | number,
  content: Content,
  { isFlushed }: { readonly isFlushed: boolean },
): number {
  const descriptor = typeof file === 'number' ? file : openSync(file, 'w');
  let written = 0;
  try {
    for (const bytes of typeof content === 'string' ? [Buffer.from(content)] : content) {
      for (let done = 0; done < bytes.length;) done += writeSome(descriptor, bytes, done);
      written += bytes.length;
    }
    if (isFlushed) fsyncSync(descriptor);
    return written;
  } finally {
    if (typeof file === 'string') closeSync(descriptor);
  }
}

function writeSome(descriptor: number, bytes: Uint8Array, done: number): number {
  try {
    return writeSync(descriptor, bytes, done, Math.min(bytes.length - done, CHUNK_BYTES));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    // Node.js has made the pipe of its standard output one that does not wait for its reader.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PATIENCE);
    return 0;
  }
}

/** For the user; the system's error is its cause. */
export function writingError(file: string, cause: unknown): InputError {
  return new InputError(
    'file-unwritable',
    `${file}: cannot be written: ${(cause as Error).message}`,
    { file },
    { cause },
  );
}
