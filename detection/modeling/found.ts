import { pasteMasks, type BoxMasks } from '../ops/paste-masks';
import type { ImageBatch } from '../structures/image-batch';
import type { Detections } from '../structures/instances';
import { scaleInstances } from '../structures/transform-instances';

/** What heads have found in one image, best first, in pixels of the resized image. */
export interface Found extends Omit<Detections, 'masks'> {
  /** The objects' masks, each within its box. Absent: the model finds none. */
  readonly boxMasks?: BoxMasks;
}

/**
 * The last step of every detector, after all of its heads: what was found in each image, in pixels of the original
 * images. Boxes and keypoints as torchvision's resize_boxes and resize_keypoints; masks are pasted into the original image at the
 * boxes that come of it.
 */
export function inOriginalPixels(
  found: readonly Found[],
  { sizes, originalSizes }: ImageBatch,
): Detections[] {
  return found.map(({ boxMasks, ...resized }, k) => {
    const original = scaleInstances(resized, sizes[k], originalSizes[k]);
    return boxMasks
      ? { ...original, masks: pasteMasks(boxMasks, original.boxes, originalSizes[k]) }
      : original;
  });
}
