import type { Targets } from '../../detection/structures/instances';
import { emptyMask } from '../../detection/structures/mask';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { CocoAnnotation, CocoDataset, CocoImage } from './annotations';
import { objectMask, saysNoMask } from './masks/segmentation';

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

/** What of objects is wanted beside their boxes. */
export interface TargetOptions {
  /** Masks, of a data set that was read with `keepSegmentations`. Default false. */
  readonly masks?: boolean;
  /** Keypoints, of a data set that was read with `keepKeypoints`: which these are. Default: none. */
  readonly keypoints?: KeypointLayout;
}

/**
 * What a detector trains on, in pixels of the image: its `gtObjects`, and the regions to ignore. Masks are made when they are
 * asked for, each time anew, and polygons become runs when those are: all of COCO's at once would fill the memory.
 */
export function gtTargets(
  dataset: CocoDataset,
  image: CocoImage,
  { masks = false, keypoints }: TargetOptions = {},
): Targets {
  const size = { height: image.height, width: image.width };
  const objects = gtObjects(dataset, image);
  const ignored = dataset
    .annotationsOf(image.id)
    .flatMap((annotation) => (annotation.isIgnored ? (cornersIn(annotation, image) ?? []) : []));
  const targets: Targets = {
    boxes: Float32Array.from(objects.flatMap(({ corners }) => corners)),
    labels: Int32Array.from(objects, ({ annotation }) => dataset.labelOf(annotation.categoryId)),
    ...(ignored.length > 0 && { ignored: Float32Array.from(ignored) }),
    ...(keypoints && { keypoints: keypointsOf(objects, keypoints.names.length) }),
  };
  if (!masks) return targets;
  const hasMask = Uint8Array.from(objects, ({ annotation }) => Number(!saysNoMask(annotation.segmentation)));
  return {
    ...targets,
    ...(hasMask.includes(0) && { hasMask }),
    get masks() {
      return objects.map(({ annotation }) => objectMask(annotation.segmentation, size) ?? emptyMask(size));
    },
  };
}

/** [N, K, 3]; objects without keypoints have visibility 0. */
function keypointsOf(objects: readonly GtObject[], numKeypoints: number): Float32Array {
  const values = new Float32Array(objects.length * numKeypoints * 3);
  objects.forEach(({ annotation: { keypoints } }, i) => {
    if (keypoints) values.set(keypoints, i * numKeypoints * 3);
  });
  return values;
}
