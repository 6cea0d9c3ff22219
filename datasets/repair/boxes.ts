import type { Size } from '../../detection/structures/size';
import { isId } from '../coco/entries';
import { boxOfPolygons } from '../coco/masks/mask-box';
import { shownValue } from '../coco/problems';
import { rleToBox } from '../coco/masks/rle';
import { isSameSize } from '../images/picture-header';
import { sizeOf } from './image-sizes';
import { isBox, mapEntries, type Box, type RepairSet } from './items';
import type { RepairContext } from './repair-family';
import { parsedRuns } from './run-length-sizes';

/** Fewer are no polygon. */
const MIN_POLYGON_NUMBERS = 6;

/**
 * Boxes that are missing, null, empty or of no size at all, of annotations with a mask: the box around its polygons or pixels. Run
 * lengths of another size than their image say nothing of where they are.
 */
export function repairBoxes(set: RepairSet, { log }: RepairContext): RepairSet {
  const sizes = new Map(set.images.map(({ entry }) => [entry.id, sizeOf(entry)]));
  const annotations = mapEntries(set.annotations, (item) => {
    const { bbox, segmentation, image_id: imageId } = item.entry;
    if (!saysNothing(bbox)) return item.entry;
    const box = boxOfSegmentation(segmentation, isId(imageId) ? sizes.get(imageId) : undefined);
    if (box === undefined) return item.entry;
    const reason = `${shownValue(bbox)} becomes ${shownValue(box)}, the box around its segmentation`;
    log.repaired('box from segmentation', 'annotations', item, 'bbox', reason);
    return { ...item.entry, bbox: box };
  });
  return { ...set, annotations };
}

function saysNothing(bbox: unknown): boolean {
  if (bbox === undefined || bbox === null) return true;
  return Array.isArray(bbox) && (bbox.length === 0 || (isBox(bbox) && bbox[2] === 0 && bbox[3] === 0));
}

/** Undefined where it is no segmentation, or one of no width or height. */
function boxOfSegmentation(segmentation: unknown, image: Size | undefined): Box | undefined {
  const box = Array.isArray(segmentation)
    ? segmentation.every(isPolygon)
      ? boxOfPolygons(segmentation)
      : undefined
    : boxOfRuns(segmentation, image);
  return box !== undefined && box[2] > 0 && box[3] > 0 ? box : undefined;
}

function isPolygon(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length >= MIN_POLYGON_NUMBERS &&
    value.length % 2 === 0 &&
    value.every(Number.isFinite)
  );
}

function boxOfRuns(segmentation: unknown, image: Size | undefined): Box | undefined {
  const mask = parsedRuns(segmentation);
  return mask === undefined || (image && !isSameSize(mask.size, image)) ? undefined : rleToBox(mask);
}
