import type { Targets } from '../../detection/structures/instances';
import type { CocoDataset, CocoImage } from './annotations';

/**
 * What a detector trains on, in pixels of the stored image: crowds are left out, boxes are clipped to the image,
 * and boxes without a size (before or after clipping, in float32) are left out. As torchvision's reference
 * ConvertCocoPolysToMask.
 */
export function gtTargets(dataset: CocoDataset, image: CocoImage): Targets {
  const boxes: number[] = [];
  const labels: number[] = [];
  for (const { bbox, categoryId, isCrowd } of dataset.annotationsOf(image.id)) {
    if (isCrowd) continue;
    const [x, y, width, height] = bbox;
    const x1 = Math.fround(Math.max(x, 0));
    const y1 = Math.fround(Math.max(y, 0));
    const x2 = Math.fround(Math.min(x + width, image.width));
    const y2 = Math.fround(Math.min(y + height, image.height));
    if (x2 <= x1 || y2 <= y1) continue;
    boxes.push(x1, y1, x2, y2);
    labels.push(dataset.labelOf(categoryId));
  }
  return { boxes: Float32Array.from(boxes), labels: Int32Array.from(labels) };
}
