import { access } from 'node:fs/promises';
import { decodeImage, ImageError } from '../datasets/images/decode';
import type { Example } from '../datasets/loader/examples';

/** Up to so many pictures are decoded before a run starts: a few seconds. Of more, only the files are looked for. */
const MAX_DECODED = 2000;
/** Pictures under way at once; sharp decodes on libuv's four threads. */
const PARALLEL = 4;

/**
 * Finds out before a long job starts whether its pictures can be used. What this leaves unseen in a large set is
 * refused when its turn comes.
 *
 * @throws ImageError for a picture that is missing, damaged, or of another size than its annotations say.
 */
export async function checkPictures(examples: readonly Example[]): Promise<void> {
  const check = examples.length <= MAX_DECODED ? decodePicture : findPicture;
  const queue = examples.values();
  const work = async (): Promise<void> => {
    for (const example of queue) await check(example);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
}

async function decodePicture({ file, size }: Example): Promise<void> {
  await decodeImage(file, size);
}

async function findPicture({ file }: Example): Promise<void> {
  await access(file).catch(() => {
    throw new ImageError(file, 'there is no such file');
  });
}
