import { open, readFile, stat } from 'node:fs/promises';
import { ImageError } from './image-error';
import { isOutOfFiles } from './out-of-files';

/**
 * The bytes of a picture's file.
 *
 * @throws ImageError if it cannot be read, or there is nothing in it; the system's error if too many files are open
 */
export async function readPicture(file: string): Promise<Buffer> {
  await requireContent(file);
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
}

/**
 * Reading a pipe or a device may never end.
 *
 * @throws ImageError if there is no such file, or nothing in it
 */
export async function requireContent(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
  if (found.isDirectory()) throw new ImageError(file, 'this is a folder, not a picture', 'no file');
  if (!found.isFile()) throw new ImageError(file, 'this is a pipe or a device, not a picture', 'no file');
  if (found.size === 0) throw new ImageError(file, 'the file is empty', 'empty');
}

/**
 * The first bytes of a picture's file.
 *
 * @throws ImageError if it cannot be read; the system's error if too many files are open
 */
export async function readStart(file: string, length: number): Promise<Buffer> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw readingError(file, error as NodeJS.ErrnoException);
  } finally {
    await handle.close();
  }
}

function readingError(file: string, error: NodeJS.ErrnoException): Error {
  if (isOutOfFiles(error)) return error;
  const { code, message } = error;
  if (code === 'ENOENT') return new ImageError(file, 'there is no such file', 'missing');
  return new ImageError(file, `the file cannot be read (${code ?? message})`, 'unreadable');
}
