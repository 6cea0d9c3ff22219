import { join } from 'node:path';
import type { CocoImage, RefuseImage } from '../datasets/coco/annotations';
import type { ProblemKind } from '../datasets/coco/problems';
import { checkImageHeader, decodeImage, ImageError, type ImageFault } from '../datasets/images/decode';
import { InputError } from '../detection/errors';
import { statOrUndefined } from './output-files';
import { Progress } from './progress';

/** Up to so many pictures are decoded before a run starts: a few seconds. Of more, only the headers are read. */
const MAX_DECODED = 2000;
/** Pictures under way at once; sharp decodes on libuv's four threads. */
const PARALLEL = 4;

const kinds: Readonly<Record<ImageFault, ProblemKind>> = {
  missing: 'missing picture',
  unreadable: 'unreadable picture',
  size: 'picture size',
  'too large': 'too large picture',
};

/**
 * Finds out before a long job starts whether its pictures can be used: each is there, is a picture, has the size that
 * the annotations say. Damage behind the header, as of a file cut short, is only found by decoding.
 *
 * @param refuse is called for the pictures that cannot be used, in the order of `images`.
 * @param decodeAll also those of a large set, which takes minutes; otherwise what that would find is found when the
 *   picture's turn comes.
 * @throws InputError where the folder is none.
 */
export async function checkPictures(
  folder: string,
  images: readonly CocoImage[],
  refuse: RefuseImage,
  decodeAll: boolean,
): Promise<void> {
  if (!statOrUndefined(folder)?.isDirectory()) {
    throw new InputError(`${folder}: there is no such folder of pictures`);
  }
  const isLarge = images.length > MAX_DECODED;
  const check = decodeAll || !isLarge ? decodeImage : checkImageHeader;
  const progress = decodeAll || isLarge ? new Progress('checking pictures') : undefined;
  const errors = new Map<CocoImage, ImageError>();
  const queue = images.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const image of queue) {
      try {
        await check(join(folder, image.fileName), image);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        errors.set(image, error);
      }
      progress?.update(++done, images.length);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  for (const image of images) {
    const error = errors.get(image);
    if (error)
      refuse(image, kinds[error.fault], error.fault === 'size' ? 'width' : 'file_name', error.message);
  }
}
