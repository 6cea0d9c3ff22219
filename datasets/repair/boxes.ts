import { isObject } from '../coco/entries';
import { shownValue } from '../coco/problems';
import { parseRle, RleError, rleToBox } from '../coco/rle';
import { isBox, mapEntries, type Box, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** Fewer are no polygon. */
const MIN_POLYGON_NUMBERS = 6;

/** Boxes that are missing, null, empty or of no size at all, of annotations with a mask: the box around its polygons or pixels. */
export function repairBoxes(set: RepairSet, { log }: RepairContext): RepairSet {
  const annotations = mapEntries(set.annotations, (item) => {
    const { bbox, segmentation } = item.entry;
    if (!saysNothing(bbox)) return item.entry;
    const box = boxOfSegmentation(segmentation);
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
function boxOfSegmentation(segmentation: unknown): Box | undefined {
  const box = Array.isArray(segmentation)
    ? boxOfPolygons(isPolygon(segmentation) ? [segmentation] : segmentation)
    : boxOfRuns(segmentation);
  return box !== undefined && box[2] > 0 && box[3] > 0 ? box : undefined;
}

function boxOfPolygons(polygons: readonly unknown[]): Box | undefined {
  if (!polygons.every(isPolygon)) return undefined;
  const [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  const corners = [x1, y1, x2, y2];
  for (const polygon of polygons) {
    polygon.forEach((coordinate, i) => {
      const axis = i % 2;
      corners[axis] = Math.min(corners[axis], coordinate);
      corners[axis + 2] = Math.max(corners[axis + 2], coordinate);
    });
  }
  return [corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]];
}

function isPolygon(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length >= MIN_POLYGON_NUMBERS &&
    value.length % 2 === 0 &&
    value.every(Number.isFinite)
  );
}

function boxOfRuns(segmentation: unknown): Box | undefined {
  if (!isObject(segmentation)) return undefined;
  try {
    return rleToBox(parseRle(segmentation));
  } catch (error) {
    if (error instanceof RleError) return undefined;
    throw error;
  }
}
