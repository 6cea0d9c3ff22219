import { ImageError } from '../images/image-error';
import { readPictureHeader, type PictureHeader } from '../images/picture-header';
import type { ReadOptions } from './dataset-part';

/** Pictures under way at once: their files are read on libuv's four threads. */
const PARALLEL = 8;

/**
 * Reads the headers of pictures.
 *
 * @returns of each its header, or why it cannot be used.
 */
export async function readPictureHeaders(
  files: readonly string[],
  { onProgress, signal }: ReadOptions,
): Promise<(PictureHeader | ImageError)[]> {
  const found: (PictureHeader | ImageError)[] = [];
  const queue = files.entries();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const [index, file] of queue) {
      signal?.throwIfAborted();
      found[index] = await readPictureHeader(file).catch((error: unknown) => {
        if (error instanceof ImageError) return error;
        throw error;
      });
      onProgress?.(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return found;
}
