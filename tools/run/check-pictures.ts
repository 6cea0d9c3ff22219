import { join } from 'node:path';
import type { CocoImage } from '../../datasets/coco/annotations';
import type { RefuseImage } from '../../datasets/coco/read-dataset';
import type { ProblemKind } from '../../datasets/coco/problems';
import { frameOf, type TurnedPictures } from '../../datasets/coco/upright';
import { ImageError, type ImageFault } from '../../datasets/images/decode';
import { checkPixels } from '../../datasets/images/open-picture';
import { readPictureHeader, requireSize, type PictureHeader } from '../../datasets/images/picture-header';
import { unusedRangeNote } from '../../datasets/images/unused-range';
import { formatSeconds, Progress, logLine } from '../terminal/progress';

/** Up to so many pictures are decoded before a run starts: a few seconds. Of more, only the headers are read. */
export const MAX_DECODED = 2000;
/** Pictures under way at once; sharp decodes on libuv's four threads. */
const PARALLEL = 4;
/** Every so many-th picture comes first, then their neighbors: when time is up, pictures of all parts have been decoded. */
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
  /** When the time is up, no more pictures are decoded. */
  readonly maxSeconds: number;
  /** Pictures that declare more pixels are refused. Default: what PIL refuses. */
  readonly maxPixels?: number;
}

/**
 * Finds out before a long job starts whether its pictures can be used: each is there, is a picture, has the size that
 * the annotations say, as stored or as shown. Damage behind the header, as of a file cut short, is only found by
 * decoding; what has not been found here is when the picture's turn comes. All headers are read, however long that takes: how
 * pictures are turned must not depend on time.
 *
 * @param refuse is called for the pictures that cannot be used, in the order of `images`.
 * @returns the headers of those that are shown other than stored
 */
export async function checkPictures(
  folder: string,
  images: readonly CocoImage[],
  refuse: RefuseImage,
  { decodeAll, maxSeconds, maxPixels }: PictureCheck,
): Promise<TurnedPictures> {
  const isLarge = images.length > MAX_DECODED;
  const decodes = decodeAll || !isLarge;
  const progress = decodeAll || isLarge ? new Progress('checking pictures') : undefined;
  const turned = new Map<number, PictureHeader>();
  const sixteenBit: CocoImage[] = [];
  const errors = new Map<CocoImage, ImageError>();
  const queue = strided(images);
  const end = performance.now() + 1000 * maxSeconds;
  let [done, decoded] = [0, 0];
  const checkPicture = async (image: CocoImage): Promise<void> => {
    const file = join(folder, image.fileName);
    const header = await readPictureHeader(file, maxPixels);
    if (header.orientation !== 1) turned.set(image.id, header);
    if (header.is16Bit) sixteenBit.push(image);
    const frame = frameOf(image, header) === 'shown' ? 'shown' : 'stored';
    requireSize(file, header, frame, image);
    if (decodes && performance.now() < end) {
      await checkPixels(file, { maxPixels });
      decoded++;
    }
  };
  const work = async (): Promise<void> => {
    for (const image of queue) {
      await checkPicture(image).catch((error: unknown) => {
        if (!(error instanceof ImageError)) throw error;
        errors.set(image, error);
      });
      progress?.update(++done, images.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (decodes && decoded + errors.size < images.length) {
    progress?.endLine();
    logLine(
      `${folder}: ${decoded} of ${images.length} pictures have been decoded in ${formatSeconds(maxSeconds)}; of the others, ` +
        'only the headers have been checked',
    );
  }
  await tellUnusedRange(folder, sixteenBit);
  for (const image of images) {
    const error = errors.get(image);
    if (error)
      refuse(image, problemKinds[error.fault], error.fault === 'size' ? 'width' : 'file_name', error.message);
  }
  return turned;
}

async function tellUnusedRange(folder: string, images: readonly CocoImage[]): Promise<void> {
  // Headers are read side by side, in no certain order.
  const sorted = [...images].sort((a, b) => a.id - b.id);
  const note = await unusedRangeNote(sorted.map(({ fileName }) => join(folder, fileName)));
  if (note !== undefined) logLine(`${folder}: ${note}`);
}

function* strided<T>(items: readonly T[]): Generator<T, undefined> {
  for (let first = 0; first < STRIDE; first++) {
    for (let i = first; i < items.length; i += STRIDE) yield items[i];
  }
}
