import { isDeepStrictEqual } from 'node:util';
import { isId } from '../coco/entries';
import { shownValue } from '../coco/problems';
import type { Entry, Item, RepairSet } from './items';
import type { RepairContext } from './repair-family';

/**
 * Ids of annotations that are missing, no whole numbers, or those of others, as where they begin anew with each image; and 0,
 * which pycocotools takes for "not found". Nothing refers to an annotation: any id will do. A second entry with the same id
 * and the same everything goes.
 */
export function repairAnnotationIds(set: RepairSet, { log }: RepairContext): RepairSet {
  const used = new Set<unknown>(set.annotations.map(({ entry }) => entry.id));
  const first = new Map<number, Entry>();
  let next = 1;
  const annotations = set.annotations.flatMap((item): Item[] => {
    const { id } = item.entry;
    const earlier = isId(id) ? first.get(id) : undefined;
    if (isId(id) && id !== 0 && earlier === undefined) {
      first.set(id, item.entry);
      return [item];
    }
    if (earlier !== undefined && isDeepStrictEqual(item.entry, earlier)) {
      log.repaired('copy', 'annotations', item, undefined, 'an earlier entry is the same: this one goes');
      return [];
    }
    while (used.has(next)) next++;
    const renumbered = next++;
    log.repaired('annotation id', 'annotations', item, 'id', `${shownValue(id)} becomes ${renumbered}`);
    return [{ ...item, entry: { ...item.entry, id: renumbered } }];
  });
  return { ...set, annotations };
}
