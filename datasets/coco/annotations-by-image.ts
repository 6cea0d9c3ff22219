import { groupBy } from '../group-by';
import type { CocoFile, CocoFileAnnotation } from './coco-file';

/** The annotations of each image that has any, in the order of the file. */
export function annotationsByImage({ annotations }: CocoFile): Map<number, CocoFileAnnotation[]> {
  return groupBy(annotations, (annotation) => annotation.image_id);
}
