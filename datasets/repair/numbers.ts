import { isObject } from '../coco/entries';
import { shownValue } from '../coco/problems';
import { mapEntries, type Entry, type Item, type ListName, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** What becomes of a value; undefined where it stays as it is. */
type Reading = (value: unknown) => unknown;

const ID: Readonly<Record<string, Reading>> = { id: numberOfText };

/** Fields that hold numbers. */
const FIELDS: Readonly<Record<ListName, Readonly<Record<string, Reading>>>> = {
  images: { ...ID, width: numberOfText, height: numberOfText },
  annotations: {
    ...ID,
    image_id: numberOfText,
    category_id: numberOfText,
    area: numberOfText,
    iscrowd: numberOfText,
    bbox: numbersOfTexts,
    segmentation: segmentationOfTexts,
    keypoints: numbersOfTexts,
    num_keypoints: numberOfText,
  },
  categories: ID,
};

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Numbers that are written as text, in boxes, masks and keypoints too: ids, sizes, areas (spreadsheets, XML, Label Studio). */
export function repairNumbers(set: RepairSet, context: RepairContext): RepairSet {
  return {
    images: repairList('images', set.images, context),
    annotations: repairList('annotations', set.annotations, context),
    categories: repairList('categories', set.categories, context),
  };
}

function repairList(list: ListName, items: readonly Item[], { log }: RepairContext): readonly Item[] {
  const fields = Object.entries(FIELDS[list]);
  return mapEntries(items, (item) => {
    const changes: Record<string, unknown> = {};
    for (const [key, read] of fields) {
      const repaired = read(item.entry[key]);
      if (repaired !== undefined) changes[key] = repaired;
    }
    if (Object.keys(changes).length === 0) return item.entry;
    const entry: Entry = { ...item.entry, ...changes };
    for (const [key, value] of Object.entries(changes)) {
      const reason = `${shownValue(item.entry[key])} becomes ${shownValue(value)}`;
      log.repaired('number as text', list, { ...item, entry }, key, reason);
    }
    return entry;
  });
}

/** Undefined where it is no text, or not one of a number. */
export function numberOfText(value: unknown): number | undefined {
  if (typeof value !== 'string' || !NUMBER.test(value.trim())) return undefined;
  const number = Number(value);
  // Whole numbers beyond 2^53 would become others.
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined;
}

/** Undefined where it is no list, has no text, or has something else than numbers and texts of numbers. */
export function numbersOfTexts(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || !value.some((each) => typeof each === 'string')) return undefined;
  const numbers = value.map((each: unknown) => (typeof each === 'number' ? each : numberOfText(each)));
  return numbers.every((each) => each !== undefined) ? numbers : undefined;
}

/**
 * Polygons and run lengths with numbers instead of texts. Undefined where there are no texts of numbers. Counts that are one text
 * are compressed.
 */
export function segmentationOfTexts(segmentation: unknown): unknown {
  if (Array.isArray(segmentation)) {
    const flat = numbersOfTexts(segmentation);
    if (flat !== undefined) return flat;
    const polygons = segmentation.map((polygon: unknown) => numbersOfTexts(polygon) ?? polygon);
    return polygons.some((polygon, k) => polygon !== segmentation[k]) ? polygons : undefined;
  }
  if (!isObject(segmentation)) return undefined;
  const size = numbersOfTexts(segmentation.size);
  const counts = numbersOfTexts(segmentation.counts);
  if (size === undefined && counts === undefined) return undefined;
  return { ...segmentation, ...(size && { size }), ...(counts && { counts }) };
}
