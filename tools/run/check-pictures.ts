import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CocoImage } from '../../datasets/coco/annotations';
import type { RefuseImage } from '../../datasets/coco/read-dataset';
import type { ProblemKind } from '../../datasets/coco/problems';
import { decodeImage, ImageError, type ImageFault } from '../../datasets/images/decode';
import { readPictureHeader, requireSize } from '../../datasets/images/picture-header';
import type { Size } from '../../detection/structures/size';
import { formatSeconds, Progress, logLine } from '../terminal/progress';

/** Up to so many pictures are decoded before a run starts: a few seconds. Of more, only the headers are read. */
const MAX_DECODED = 2000;
/** Pictures under way at once; sharp decodes on libuv's four threads. */
const PARALLEL = 4;
/** Headers are read of every so many-th picture first, then of their neighbors: when time is up, all parts have been seen. */
const STRIDE = 16;

/** What a record of what is wrong with a data set calls a picture that cannot be used. */
export const problemKinds: Readonly<Record<ImageFault, ProblemKind>> = {
  missing: 'missing picture',
  unreadable: 'unreadable picture',
  'no file': 'unreadable picture',
  empty: 'unreadable picture',
  'unknown type': 'unreadable picture',
  damaged: 'unreadable picture',
  size: 'picture size',
  'too large': 'too large picture',
};

export interface PictureCheck {
  /** Decode the pictures of a large set too. */
  readonly decodeAll: boolean;
  /** When the time is up, all that is asked of the remaining pictures is that they are there. */
  readonly maxSeconds: number;
}

/**
 * Finds out before a long job starts whether its pictures can be used: each is there, is a picture, has the size that
 * the annotations say. Damage behind the header, as of a file cut short, is only found by decoding; what has not been found
 * here is when the picture's turn comes.
 *
 * @param refuse is called for the pictures that cannot be used, in the order of `images`.
 */
export async function checkPictures(
  folder: string,
  images: readonly CocoImage[],
  refuse: RefuseImage,
  { decodeAll, maxSeconds }: PictureCheck,
): Promise<void> {
  const isLarge = images.length > MAX_DECODED;
  const decodes = decodeAll || !isLarge;
  const progress = decodeAll || isLarge ? new Progress('checking pictures') : undefined;
  const errors = new Map<CocoImage, ImageError>();
  const queue = strided(images);
  const end = performance.now() + 1000 * maxSeconds;
  let done = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const { value: image } = queue.next();
      if (image === undefined) return;
      await checkPicture(join(folder, image.fileName), image, decodes).catch((error: unknown) => {
        if (!(error instanceof ImageError)) throw error;
        errors.set(image, error);
      });
      progress?.update(++done, images.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  const unseen = [...queue];
  if (unseen.length > 0) {
    progress?.endLine();
    const share = `${done} of ${images.length} pictures`;
    logLine(
      `${folder}: ${share} have been checked in ${formatSeconds(maxSeconds)}; of the others, only that they exist`,
    );
    for (const image of await missing(folder, unseen)) {
      errors.set(image, new ImageError(join(folder, image.fileName), 'there is no such file', 'missing'));
    }
  }
  for (const image of images) {
    const error = errors.get(image);
    if (error)
      refuse(image, problemKinds[error.fault], error.fault === 'size' ? 'width' : 'file_name', error.message);
  }
}

async function checkPicture(file: string, expectedSize: Size, decodes: boolean): Promise<void> {
  if (decodes) await decodeImage(file, { expectedSize });
  else requireSize(file, await readPictureHeader(file), 'stored', expectedSize);
}

function* strided<T>(items: readonly T[]): Generator<T, undefined> {
  for (let first = 0; first < STRIDE; first++) {
    for (let i = first; i < items.length; i += STRIDE) yield items[i];
  }
}

/** Lists the folders: much faster than asking for one file after another. */
async function missing(folder: string, images: readonly CocoImage[]): Promise<CocoImage[]> {
  const listed = new Set<string>();
  for (const name of new Set(images.map(({ fileName }) => dirname(fileName)))) {
    const names = await readdir(join(folder, name)).catch(() => []);
    for (const file of names) listed.add(join(name, file));
  }
  const unlisted = images.filter(({ fileName }) => !listed.has(join(fileName)));
  // A file may go by a name that its folder does not list, in other case or other Unicode composition.
  const found = await Promise.all(
    unlisted.map(({ fileName }) =>
      stat(join(folder, fileName)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return unlisted.filter((_, i) => !found[i]);
}
