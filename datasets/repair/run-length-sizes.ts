import type { Mask } from '../../detection/structures/mask';
import type { Size } from '../../detection/structures/size';
import { isId, isObject } from '../coco/entries';
import { boxOverlap } from '../coco/masks/mask-box';
import { shownValue } from '../coco/problems';
import { parseRle, RleError, rleToBox } from '../coco/masks/rle';
import { isSameSize } from '../images/picture-header';
import { sizeOf } from './image-sizes';
import { isBox, mapEntries, type Box, type Entry, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** The IoU of a mask and its box is more where they agree. */
const MIN_OVERLAP = 0.5;

/**
 * Run lengths whose size is [width, height], where COCO has [height, width]: swapped, they have the image's size, and the box of the
 * mask is the annotation's.
 */
export function repairRunLengthSizes(set: RepairSet, { log }: RepairContext): RepairSet {
  const images = new Map(set.images.map(({ entry }) => [entry.id, entry]));
  const annotations = mapEntries(set.annotations, (item) => {
    const { bbox, segmentation, image_id: imageId } = item.entry;
    if (!isObject(segmentation) || !isBox(bbox)) return item.entry;
    const image = isId(imageId) ? imageSize(images.get(imageId)) : undefined;
    const mask = parsedRuns(segmentation);
    if (image === undefined || mask === undefined || !isSwapped(mask, image, bbox)) return item.entry;
    const size = [image.height, image.width];
    const reason = `${shownValue(segmentation.size)} becomes ${shownValue(size)}, the height and width of its image`;
    log.repaired('size of run lengths', 'annotations', item, 'segmentation.size', reason);
    return { ...item.entry, segmentation: { ...segmentation, size } };
  });
  return { ...set, annotations };
}

function imageSize(image: Entry | undefined): Size | undefined {
  return image && sizeOf(image);
}

/** Undefined where they are no run lengths that fill their size. */
export function parsedRuns(segmentation: unknown): Mask | undefined {
  if (!isObject(segmentation)) return undefined;
  try {
    return parseRle(segmentation);
  } catch (error) {
    if (error instanceof RleError) return undefined;
    throw error;
  }
}

function isSwapped({ size: { height, width }, counts }: Mask, image: Size, bbox: Box): boolean {
  if (height === width || !isSameSize({ height: width, width: height }, image)) return false;
  return boxOverlap(rleToBox({ size: image, counts }), bbox) >= MIN_OVERLAP;
}
