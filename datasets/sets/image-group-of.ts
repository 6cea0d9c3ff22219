import { InputError } from '../../detection/errors';
import type { CocoFile, CocoFileImage } from '../coco/coco-file';

/** What tells groups of images apart, for `splitDataset`. */
export interface ImageGroups {
  /** The group of an image; undefined for one that stands for itself. */
  readonly of: (image: CocoFileImage) => string | undefined;
  /** What users should know: one line each. */
  readonly notes: readonly string[];
}

/**
 * Groups images by what the file says of them.
 *
 * @param by a key of the images, such as `video_id`; or a regular expression between slashes, as in `/^[^_]+/`: what it
 *   matches in the file name, or its first group if it has one.
 * @throws InputError where no image has the key or matches the pattern, or the pattern is none.
 */
export function imageGroupOf({ images }: CocoFile, by: string): ImageGroups {
  const pattern = /^\/(.*)\/$/s.exec(by)?.[1];
  const of = pattern === undefined ? valueOf(by) : matchOf(pattern);
  const groups = images.map(of);
  const numAlone = groups.filter((group) => group === undefined).length;
  if (numAlone === images.length) {
    const what = pattern === undefined ? `has the key ${by}` : `has a name that matches ${by}`;
    throw new InputError('group-key', `No image ${what}, so that there is nothing to group by.`, { by });
  }
  const numGroups = new Set(groups.filter((group) => group !== undefined)).size;
  return {
    of,
    notes: [
      `${images.length - numAlone} images are in ${numGroups} groups by ${by}` +
        (numAlone === 0 ? '' : `; images without a group: ${numAlone}`),
    ],
  };
}

function valueOf(key: string): ImageGroups['of'] {
  return (image) => {
    const value = Object.hasOwn(image, key) ? image[key] : undefined;
    return value === undefined || value === null ? undefined : JSON.stringify(value);
  };
}

function matchOf(pattern: string): ImageGroups['of'] {
  const expression = parsedPattern(pattern);
  return ({ file_name: name }) => {
    const match = expression.exec(name);
    return match ? (match[1] ?? match[0]) : undefined;
  };
}

function parsedPattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (error) {
    throw new InputError('group-pattern', `/${pattern}/: ${(error as Error).message}`, { pattern });
  }
}
