import type { Targets } from '../../detection/structures/instances';
import type { CocoAnnotation, CocoDataset, CocoImage } from './annotations';

/** An object that a detector trains on. */
export interface GtObject {
  readonly annotation: CocoAnnotation;
  /** x1, y1, x2, y2 in pixels of the image, clipped to it, float32. */
  readonly corners: readonly [number, number, number, number];
}

/**
 * The objects of an image that a detector trains on, in the order of the file: crowds are left out, boxes are clipped to
 * the image, and boxes without a size (before or after clipping, in float32) are left out. As torchvision's reference
 * ConvertCocoPolysToMask.
 */
export function gtObjects(dataset: CocoDataset, image: CocoImage): GtObject[] {
  return dataset.annotationsOf(image.id).flatMap((annotation): GtObject[] => {
    const corners = annotation.isCrowd ? undefined : cornersIn(annotation, image);
    return corners ? [{ annotation, corners }] : [];
  });
}

/** Clipped to the image, float32; undefined where the box has no size then. */
function cornersIn(
  { bbox: [x, y, width, height] }: CocoAnnotation,
  image: CocoImage,
): GtObject['corners'] | undefined {
  const x1 = Math.fround(Math.max(x, 0));
  const y1 = Math.fround(Math.max(y, 0));
  const x2 = Math.fround(Math.min(x + width, image.width));
  const y2 = Math.fround(Math.min(y + height, image.height));
  return x2 <= x1 || y2 <= y1 ? undefined : [x1, y1, x2, y2];
}

/** What a detector trains on, in pixels of the image: its `gtObjects`, and the regions to ignore. */
export function gtTargets(dataset: CocoDataset, image: CocoImage): Targets {
  const objects = gtObjects(dataset, image);
  const ignored = dataset
    .annotationsOf(image.id)
    .flatMap((annotation) => (annotation.isIgnored ? (cornersIn(annotation, image) ?? []) : []));
  return {
    boxes: Float32Array.from(objects.flatMap(({ corners }) => corners)),
    labels: Int32Array.from(objects, ({ annotation }) => dataset.labelOf(annotation.categoryId)),
    ...(ignored.length > 0 && { ignored: Float32Array.from(ignored) }),
  };
}
