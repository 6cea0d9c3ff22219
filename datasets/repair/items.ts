import { isId } from '../coco/entries';
import { groupBy } from '../group-by';

/** An object of one of the file's lists, with all of its fields. */
export type Entry = Readonly<Record<string, unknown>>;

/** An entry, and where it stood in the file. */
export interface Item {
  readonly index: number;
  readonly entry: Entry;
}

export type ListName = 'images' | 'annotations' | 'categories';

/** The three lists of a COCO file while it is repaired. */
export type RepairSet = Readonly<Record<ListName, readonly Item[]>>;

/** Changes the entries of a list. Those that `change` returns as they are stay the same items. */
export function mapEntries(items: readonly Item[], change: (item: Item) => Entry): Item[] {
  return items.map((item) => {
    const entry = change(item);
    return entry === item.entry ? item : { ...item, entry };
  });
}

/** A box as COCO has it: x, y, width, height. */
export type Box = readonly [number, number, number, number];

/** Whether a value is the four finite numbers of a box. */
export function isBox(value: unknown): value is Box {
  return Array.isArray(value) && value.length === 4 && value.every(Number.isFinite);
}

/** Items by the id of the image that `key` holds; without those that have none. */
export function byImageId(items: readonly Item[], key: 'id' | 'image_id'): Map<number, Item[]> {
  return groupBy(
    items.filter(({ entry }) => isId(entry[key])),
    ({ entry }) => entry[key] as number,
  );
}
