import path from 'node:path';
import { isId, isObject } from '../../../datasets/coco/entries';
import { readJsonFile } from '../../../datasets/coco/json-file';
import { InputError } from '../../../detection/errors';
import { pluralize } from '../../terminal/pluralize';
import { logLine } from '../../terminal/progress';
import type { PictureInput } from './found-picture';

/** Ids that COCO's results refer to pictures by. */
export type ImageIds = ReadonlyMap<PictureInput, number>;

/** As many pictures as a message names. */
const MAX_NAMED = 3;

/**
 * The ids that a COCO file gives to pictures: of an image with the picture's whole name, of the end of its path otherwise, or
 * of the one image whose file has the same name.
 *
 * @throws JsonFileError where the file cannot be read, InputError where it does not know all pictures.
 */
export async function readImageIds(annotations: string, inputs: readonly PictureInput[]): Promise<ImageIds> {
  const ids = await idsByName(annotations);
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
  const unknown = found.filter(([, id]) => id === undefined).map(([{ file }]) => file);
  const named = [...unknown.slice(0, MAX_NAMED), ...(unknown.length > MAX_NAMED ? ['...'] : [])].join(', ');
  throw new InputError(
    'image-id-missing',
    `${annotations}: has no image for ${pluralize(unknown.length, 'picture')}: ${named}`,
    { file: annotations, unknown },
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

/** Ids by the names that a COCO file has for its pictures, with slashes. */
async function idsByName(annotations: string): Promise<Map<string, number>> {
  const content = await readJsonFile(annotations, (entry, key) => (key === 'annotations' ? null : entry));
  const images: unknown = isObject(content) ? content.images : undefined;
  if (!Array.isArray(images)) throw noImageIds(annotations, 'has no list of images');
  return new Map(
    images.map((image: unknown, k) => {
      if (!isObject(image) || !isId(image.id) || typeof image.file_name !== 'string') {
        throw noImageIds(annotations, `images[${k}] has no id or no file_name`);
      }
      return [image.file_name.replaceAll('\\', '/').replace(/^\.\//, ''), image.id] as const;
    }),
  );
}

function noImageIds(file: string, reason: string): InputError {
  return new InputError('no-image-ids', `${file}: ${reason}; a COCO file with these pictures is expected`, {
    file,
  });
}
