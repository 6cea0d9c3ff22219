import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { pluralize } from '../../terminal/pluralize';
import { logLine } from '../../terminal/progress';
import type { AnnotationFile } from './annotation-file';
import type { PictureInput } from './found-picture';

/** Ids that COCO's results refer to pictures by. */
export type ImageIds = ReadonlyMap<PictureInput, number>;

/** As many pictures as a message names. */
const MAX_NAMED = 3;

/**
 * The ids that a COCO file gives to pictures: of an image with the picture's whole name, of the end of its path otherwise, or
 * of the one image whose file has the same name.
 *
 * @throws InputError where it does not know all pictures.
 */
export function imageIdsIn({ file, images }: AnnotationFile, inputs: readonly PictureInput[]): ImageIds {
  const ids = new Map(images.map(({ fileName, id }) => [fileName, id]));
  const byBase = new Map<string, number | undefined>();
  for (const [name, id] of ids) {
    const base = path.basename(name);
    byBase.set(base, byBase.has(base) ? undefined : id);
  }
  const found = inputs.map((input) => {
    const endings = path
      .resolve(input.file)
      .split(path.sep)
      .map((_, k, parts) => parts.slice(k).join('/'));
    const name = [input.name, ...endings].find((ending) => ids.has(ending));
    return [input, name === undefined ? byBase.get(path.basename(input.file)) : ids.get(name)] as const;
  });
  const known = found.flatMap(([input, id]) => (id === undefined ? [] : [[input, id] as const]));
  if (known.length === inputs.length) return new Map(known);
  const unknown = found.filter(([, id]) => id === undefined).map(([input]) => input.file);
  const named = [...unknown.slice(0, MAX_NAMED), ...(unknown.length > MAX_NAMED ? ['...'] : [])].join(', ');
  throw new InputError(
    'image-id-missing',
    `${file}: has no image for ${pluralize(unknown.length, 'picture')}: ${named}`,
    { file, unknown },
  );
}

/**
 * The numbers that pictures are named by, as COCO's are (`000000000139.jpg`), or numbers from 1 up in their order where one is
 * named otherwise.
 */
export function imageIdsFromNames(inputs: readonly PictureInput[]): ImageIds {
  const numbers = inputs
    .map(({ name }) => path.parse(name).name)
    .map((stem) => (/^\d+$/.test(stem) ? Number(stem) : NaN));
  const areIds = numbers.every(Number.isSafeInteger) && new Set(numbers).size === numbers.length;
  if (!areIds) {
    logLine(
      `image_id: the pictures' names are no numbers, so ids are 1 to ${inputs.length} in their order; file_name tells the ` +
        'picture. --annotations FILE takes the ids of a data set',
    );
  }
  return new Map(inputs.map((input, k) => [input, areIds ? numbers[k] : k + 1]));
}
