import { shownValue } from '../coco/problems';
import { mapEntries, type Entry, type Item, type ListName, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** Fields that hold a number. */
const NUMBERS: Readonly<Record<ListName, readonly string[]>> = {
  images: ['id', 'width', 'height'],
  annotations: ['id', 'image_id', 'category_id', 'area', 'iscrowd'],
  categories: ['id'],
};

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Numbers that are written as text, in boxes too: ids, sizes, areas (spreadsheets, XML, Label Studio). */
export function repairNumbers(set: RepairSet, context: RepairContext): RepairSet {
  return {
    images: repairList('images', set.images, context),
    annotations: repairList('annotations', set.annotations, context),
    categories: repairList('categories', set.categories, context),
  };
}

function repairList(list: ListName, items: readonly Item[], { log }: RepairContext): readonly Item[] {
  return mapEntries(items, (item) => {
    const changes: Record<string, unknown> = {};
    for (const key of list === 'annotations' ? [...NUMBERS[list], 'bbox'] : NUMBERS[list]) {
      const value = item.entry[key];
      const repaired = key === 'bbox' ? boxOfText(value) : numberOfText(value);
      if (repaired === undefined) continue;
      changes[key] = repaired;
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
function numberOfText(value: unknown): number | undefined {
  if (typeof value !== 'string' || !NUMBER.test(value.trim())) return undefined;
  const number = Number(value);
  // Whole numbers beyond 2^53 would become others.
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : undefined;
}

function boxOfText(value: unknown): number[] | undefined {
  if (!Array.isArray(value) || !value.some((side) => typeof side === 'string')) return undefined;
  const box = value.map((side: unknown) => (typeof side === 'number' ? side : numberOfText(side)));
  return box.every((side) => side !== undefined) ? box : undefined;
}
