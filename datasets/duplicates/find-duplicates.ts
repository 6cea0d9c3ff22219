import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { CocoDataset, CocoImage } from '../coco/annotations';
import { readPicture } from '../images/picture-file';
import { nearHashes } from './near-hashes';
import { pictureHash } from './picture-hash';

/** A picture that stands in two data sets. */
export interface DuplicatePicture {
  /** In the first set. */
  readonly a: CocoImage;
  /** In the second. */
  readonly b: CocoImage;
  /** Whether the files have the same bytes. */
  readonly isSame: boolean;
  /** In how many of 128 bits the hashes of the pictures differ. */
  readonly distance: number;
}

/** How pictures of two sets are compared. */
export interface FindDuplicatesOptions {
  /** Near duplicates differ in at most so many of the 128 bits of their difference hashes. Default 6 (docs/data.md). */
  readonly maxDistance?: number;
  /** Ends it between two pictures: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Is told how many pictures of both sets have been read. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * In docs/data.md it says what was measured: photographs that have been scaled or compressed again stay within it, and of 150 000
 * pairs of different pictures one is.
 */
export const MAX_DISTANCE = 6;

/** Read at once: as many as libuv has threads by default. */
const AT_ONCE = 4;

/**
 * Pictures that stand in both of two sets, the same files or nearly the same pictures. Each is read and decoded once; no two are
 * compared whose hashes have nothing in common.
 *
 * @returns those of the same bytes first; each by the images' order
 * @throws RangeError where a set was read without a folder of images; ImageError where a picture cannot be used; the signal's
 *   reason
 */
export async function findDuplicates(
  a: CocoDataset,
  b: CocoDataset,
  { maxDistance = MAX_DISTANCE, signal, onProgress }: FindDuplicatesOptions = {},
): Promise<DuplicatePicture[]> {
  const total = a.images.length + b.images.length;
  let done = 0;
  const count = (): void => onProgress?.(++done, total);
  const ofA = await fingerprints(a, count, signal);
  const ofB = await fingerprints(b, count, signal);
  const [hashesOfA, hashesOfB] = [ofA, ofB].map((prints) => prints.map(({ hash }) => hash));
  const pairs = nearHashes(hashesOfA, hashesOfB, maxDistance).map((pair): DuplicatePicture => ({
    a: a.images[pair.a],
    b: b.images[pair.b],
    isSame: ofA[pair.a].sha256 === ofB[pair.b].sha256,
    distance: pair.distance,
  }));
  return [...pairs.filter(({ isSame }) => isSame), ...pairs.filter(({ isSame }) => !isSame)];
}

interface Fingerprint {
  readonly sha256: string;
  readonly hash: string;
}

async function fingerprints(
  { images, imageFolder, file }: CocoDataset,
  count: () => void,
  signal: AbortSignal | undefined,
): Promise<Fingerprint[]> {
  if (imageFolder === null) throw new RangeError(`${file} was read without a folder of images`);
  const prints: Fingerprint[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < images.length) {
      signal?.throwIfAborted();
      const index = next++;
      const picture = join(imageFolder, images[index].fileName);
      const bytes = await readPicture(picture);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      prints[index] = { sha256, hash: await pictureHash(bytes, picture) };
      count();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return prints;
}
