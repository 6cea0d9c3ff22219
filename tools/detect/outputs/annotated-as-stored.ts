import type { CocoImage } from '../../../datasets/coco/annotations';
import { isId, isObject } from '../../../datasets/coco/entries';
import { readJsonFile } from '../../../datasets/coco/json-file';
import { annotatedAsStored, turnedPictures } from '../../../datasets/coco/upright';
import type { PictureHeader } from '../../../datasets/images/picture-header';
import { pluralize } from '../../terminal/pluralize';
import { logLine } from '../../terminal/progress';
import type { PictureInput } from './found-picture';
import type { ImageIds } from './image-ids';

/** Headers of the pictures whose boxes a COCO file has in pixels as stored, other than they are shown. */
export type AnnotatedAsStored = ReadonlyMap<PictureInput, PictureHeader>;

/**
 * Which pictures a COCO file has annotated as stored, by the sizes that it has for them.
 *
 * @param ids that it has for the pictures
 * @throws JsonFileError where it cannot be read
 */
export async function findAnnotatedAsStored(annotations: string, ids: ImageIds): Promise<AnnotatedAsStored> {
  const sizes = await sizesById(annotations);
  const images = [...ids].map(([{ file }, id]): CocoImage => {
    const { width = 0, height = 0 } = sizes.get(id) ?? {};
    return { id, fileName: file, width, height };
  });
  const stored = annotatedAsStored(images, await turnedPictures('', images));
  if (stored.size > 0) {
    const pictures = pluralize(stored.size, 'picture was', 'pictures were');
    logLine(`${annotations}: ${pictures} annotated as stored, without regard to EXIF: boxes are written so`);
  }
  return new Map([...ids].flatMap(([input, id]) => (stored.has(id) ? [[input, stored.get(id)!]] : [])));
}

async function sizesById(annotations: string): Promise<Map<number, { width?: number; height?: number }>> {
  const content = await readJsonFile(annotations, (entry, key) => (key === 'images' ? entry : null));
  const images = isObject(content) && Array.isArray(content.images) ? content.images : [];
  return new Map(
    images.flatMap((image: unknown) => {
      if (!isObject(image) || !isId(image.id)) return [];
      const { id, width, height } = image;
      return [[id, typeof width === 'number' && typeof height === 'number' ? { width, height } : {}]];
    }),
  );
}
