import { shownValue } from '../coco/problems';
import { mapEntries, type RepairSet } from './items';
import { numberOfText } from './numbers';
import type { RepairContext } from './repair-family';

/**
 * Ids of images and categories that are words, UUIDs, fractions or other text that is no number: each becomes the smallest whole
 * number that is free, in the order of the file, in the annotations that refer to it too. Different ids stay different, also
 * "1" and "01", and equal ones equal. What refers to nothing stays.
 */
export function repairEntryIds(set: RepairSet, context: RepairContext): RepairSet {
  return renumbered(renumbered(set, 'images', 'image_id', context), 'categories', 'category_id', context);
}

function renumbered(
  set: RepairSet,
  list: 'images' | 'categories',
  key: 'image_id' | 'category_id',
  { log }: RepairContext,
): RepairSet {
  const ids = set[list].map(({ entry }) => entry.id);
  const references = set.annotations.map(({ entry }) => entry[key]);
  const meaningOf = meaningsOf(ids);
  const numbers = numbersOf(ids.map(meaningOf), new Set([...ids, ...references].map(asNumber)));
  if (numbers.size === 0) return set;

  const counts = new Map<unknown, number>();
  const annotations = mapEntries(set.annotations, ({ entry }) => {
    const meaning = meaningOf(entry[key]);
    const number = numbers.get(meaning);
    if (number === undefined) return entry;
    counts.set(meaning, (counts.get(meaning) ?? 0) + 1);
    return { ...entry, [key]: number };
  });
  const entries = mapEntries(set[list], (item) => {
    const meaning = meaningOf(item.entry.id);
    const number = numbers.get(meaning);
    if (number === undefined) return item.entry;
    const entry = { ...item.entry, id: number };
    const reason = `${shownValue(item.entry.id)} becomes ${number}, in its annotations too (${counts.get(meaning) ?? 0})`;
    log.repaired(list === 'images' ? 'image id' : 'category id', list, { ...item, entry }, 'id', reason);
    return entry;
  });
  return { ...set, annotations, [list]: entries };
}

/** What a value names among the ids of a list: a number, however it is written, unless several of the ids are texts of it. */
function meaningsOf(ids: readonly unknown[]): (value: unknown) => unknown {
  const texts = new Map<number, Set<unknown>>();
  for (const id of ids) {
    const number = numberOfText(id);
    if (number !== undefined) texts.set(number, (texts.get(number) ?? new Set()).add(id));
  }
  return (value) => {
    const number = numberOfText(value);
    return number === undefined || (texts.get(number)?.size ?? 0) > 1 ? value : number;
  };
}

function asNumber(value: unknown): unknown {
  return numberOfText(value) ?? value;
}

/** New numbers of those that need one. */
function numbersOf(meanings: readonly unknown[], used: ReadonlySet<unknown>): Map<unknown, number> {
  const numbers = new Map<unknown, number>();
  let next = 1;
  for (const meaning of meanings) {
    if (!isWord(meaning) || numbers.has(meaning)) continue;
    while (used.has(next)) next++;
    numbers.set(meaning, next++);
  }
  return numbers;
}

/** Whole numbers that JSON.parse has rounded are none: they may have been different ones. */
function isWord(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  return Number.isFinite(value) && !Number.isInteger(value);
}
