import type { CocoImage } from '../../../datasets/coco/annotations';
import { annotatedAsStored, turnedPictures } from '../../../datasets/coco/upright';
import type { PictureHeader } from '../../../datasets/images/picture-header';
import { pluralize } from '../../terminal/pluralize';
import { logLine } from '../../terminal/progress';
import type { AnnotationFile } from './annotation-file';
import type { PictureInput } from './found-picture';
import type { ImageIds } from './image-ids';

/** Headers of the pictures whose boxes a COCO file has in pixels as stored, other than they are shown. */
export type AnnotatedAsStored = ReadonlyMap<PictureInput, PictureHeader>;

/**
 * Which pictures a COCO file has annotated as stored, by the sizes that it has for them.
 *
 * @param ids that it has for the pictures
 */
export async function findAnnotatedAsStored(
  annotations: AnnotationFile,
  ids: ImageIds,
): Promise<AnnotatedAsStored> {
  const byId = new Map(annotations.images.map((image) => [image.id, image]));
  const images = [...ids].map(([{ file }, id]): CocoImage => ({ ...byId.get(id)!, fileName: file }));
  const stored = annotatedAsStored(images, await turnedPictures('', images));
  if (stored.size > 0) {
    const pictures = pluralize(stored.size, 'picture was', 'pictures were');
    logLine(
      `${annotations.file}: ${pictures} annotated as stored, without regard to EXIF: boxes are written so`,
    );
  }
  return new Map([...ids].flatMap(([input, id]) => (stored.has(id) ? [[input, stored.get(id)!]] : [])));
}
