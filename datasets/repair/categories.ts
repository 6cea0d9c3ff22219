import { isDeepStrictEqual } from 'node:util';
import { shownValue } from '../coco/problems';
import type { Item, RepairSet } from './items';
import type { RepairContext } from './repair-family';

/**
 * Roboflow's root: a category 0 that no annotation has and that is the supercategory of all others; training would keep a label
 * for it. Other categories without annotations stay. A second entry that is the same goes.
 */
export function repairCategories(set: RepairSet, { log }: RepairContext): RepairSet {
  const seen = new Map<unknown, Item>();
  const different = set.categories.filter((item) => {
    const earlier = seen.get(item.entry.id);
    if (earlier === undefined) seen.set(item.entry.id, item);
    if (earlier === undefined || !isDeepStrictEqual(item.entry, earlier.entry)) return true;
    log.repaired('copy', 'categories', item, undefined, 'an earlier entry is the same: this one goes');
    return false;
  });
  const root = rootOf(different, set.annotations);
  if (root === undefined) return { ...set, categories: different };
  const name = shownValue(root.entry.name);
  const reason = `${name} has no annotations and is the supercategory of all others: it goes`;
  log.repaired('root category', 'categories', root, undefined, reason);
  return { ...set, categories: different.filter((item) => item !== root) };
}

function rootOf(categories: readonly Item[], annotations: readonly Item[]): Item | undefined {
  const [root, ...withSameId] = categories.filter(({ entry }) => entry.id === 0);
  if (typeof root?.entry.name !== 'string' || withSameId.length > 0 || categories.length === 1)
    return undefined;
  if (annotations.some(({ entry }) => entry.category_id === 0)) return undefined;
  const others = categories.filter((item) => item !== root);
  return others.every(({ entry }) => entry.supercategory === root.entry.name) ? root : undefined;
}
