import type { Size } from '../../../detection/structures/size';
import { isObject } from '../../coco/entries';

/** What there is to say of run lengths whose size is not the image's. */
export const OTHER_MASK_SIZE =
  'As in pycocotools, masks of different sizes never match: against masks of the size of the image these count as not found.';

/** Whether a segmentation is run lengths of another size than its image's, where that is known. */
export function isOfOtherSize(segmentation: unknown, { width, height }: Size): boolean {
  if (!isObject(segmentation) || !Array.isArray(segmentation.size) || width === 0 || height === 0)
    return false;
  return segmentation.size[0] !== height || segmentation.size[1] !== width;
}
