import type { CocoFile, CocoFileAnnotation } from './coco-file';

/** The annotations of each image that has any, in the order of the file. */
export function annotationsByImage({ annotations }: CocoFile): Map<number, CocoFileAnnotation[]> {
  const byImage = new Map<number, CocoFileAnnotation[]>();
  for (const annotation of annotations) {
    const ofImage = byImage.get(annotation.image_id);
    if (ofImage) ofImage.push(annotation);
    else byImage.set(annotation.image_id, [annotation]);
  }
  return byImage;
}
