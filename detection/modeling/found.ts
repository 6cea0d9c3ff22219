import { scaleBoxes } from '../structures/boxes';
import type { ImageBatch } from '../structures/image-batch';
import type { Detections } from '../structures/instances';

/** What heads have found in one image, best first, in pixels of the resized image. */
export type Found = Detections;

/**
 * The last step of every detector, after all of its heads: what was found in each image, in pixels of the original
 * images. Boxes as torchvision's resize_boxes.
 */
export function inOriginalPixels(
  found: readonly Found[],
  { sizes, originalSizes }: ImageBatch,
): Detections[] {
  return found.map((ofImage, k) => ({
    ...ofImage,
    boxes: scaleBoxes(ofImage.boxes, sizes[k], originalSizes[k]),
  }));
}
