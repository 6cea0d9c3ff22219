import { isObject } from '../coco/entries';
import { shownValue } from '../coco/problems';
import { mapEntries, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

const MIN_CORNERS = 3;

/**
 * Polygons in another layout than COCO's list of flat lists: one flat list, corners that are lists or objects, `[x, y]` or
 * `{ x, y }`, polygons of no corner.
 */
export function repairSegmentations(set: RepairSet, { log }: RepairContext): RepairSet {
  const annotations = mapEntries(set.annotations, (item) => {
    const { segmentation } = item.entry;
    const polygons = polygonsInOtherLayout(segmentation);
    if (polygons === undefined) return item.entry;
    const reason = `${shownValue(segmentation)} becomes ${shownValue(polygons)}`;
    log.repaired('polygons', 'annotations', item, 'segmentation', reason);
    return { ...item.entry, segmentation: polygons };
  });
  return { ...set, annotations };
}

/** The polygons in COCO's layout. Undefined where they have it already, or could mean something else. */
export function polygonsInOtherLayout(segmentation: unknown): unknown[] | undefined {
  if (!Array.isArray(segmentation) || segmentation.length === 0) return undefined;
  const values = segmentation as readonly unknown[];
  if (values.every(Number.isFinite)) {
    return values.length % 2 === 0 && values.length >= 2 * MIN_CORNERS ? [values] : undefined;
  }
  const outline = flatPolygon(values);
  if (outline !== undefined) return [outline];
  const polygons = values
    .filter((polygon) => !(Array.isArray(polygon) && polygon.length === 0))
    .map((polygon) => flatPolygon(polygon) ?? polygon);
  const isSame = polygons.length === values.length && polygons.every((polygon, k) => polygon === values[k]);
  return isSame ? undefined : polygons;
}

/** Undefined where it is no list of corners that are lists or objects. */
function flatPolygon(polygon: unknown): number[] | undefined {
  if (!Array.isArray(polygon) || polygon.length < MIN_CORNERS) return undefined;
  const numbers: number[] = [];
  for (const corner of polygon as readonly unknown[]) {
    const pair = isObject(corner) ? [corner.x, corner.y] : corner;
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(Number.isFinite)) return undefined;
    numbers.push(...(pair as readonly number[]));
  }
  return numbers;
}
