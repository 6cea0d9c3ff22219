import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CocoDataset, CocoImage } from '../coco/annotations';
import { groupBy } from '../group-by';

/**
 * Of larger sets only the names are compared: asking for the size of each file would take longer than a training should take to
 * begin.
 */
const MAX_FILES_TO_ASK = 20_000;

/**
 * Images of `b` of which the file is one of `a` too: by its path, and in sets of up to 20 000 pictures by its bytes. Nothing is
 * decoded, and only files are read that have the size of another.
 *
 * @returns nothing of a set without a folder of images; files that cannot be read are none of them
 */
export async function sharedFiles(a: CocoDataset, b: CocoDataset): Promise<CocoImage[]> {
  const [ofA, ofB] = [filesOf(a), filesOf(b)];
  const paths = new Set(ofA);
  const isShared = ofB.map((file) => paths.has(file));
  if (ofA.length + ofB.length <= MAX_FILES_TO_ASK) {
    const sizes = new Map<string, number>();
    for (const file of ofA) sizes.set(file, await sizeOf(file));
    const bySize = groupBy(ofA, (file) => sizes.get(file)!);
    const sums = new Map<string, string>();
    const sumOf = async (file: string): Promise<string> => {
      const sum =
        sums.get(file) ??
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex');
      sums.set(file, sum);
      return sum;
    };
    for (const [index, file] of ofB.entries()) {
      const size = isShared[index] ? 0 : await sizeOf(file);
      for (const other of size > 0 ? (bySize.get(size) ?? []) : []) {
        if ((await sumOf(other)) === (await sumOf(file))) isShared[index] = true;
      }
    }
  }
  return b.images.filter((_, index) => isShared[index]);
}

function filesOf({ images, imageFolder }: CocoDataset): string[] {
  return imageFolder === null ? [] : images.map(({ fileName }) => resolve(join(imageFolder, fileName)));
}

/** 0 of what is not there. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
