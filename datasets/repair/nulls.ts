import { isBox, mapEntries, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** `area` and `iscrowd` that are null: what the reader takes where they are missing. */
export function repairNulls(set: RepairSet, { log }: RepairContext): RepairSet {
  const annotations = mapEntries(set.annotations, (item) => {
    const { bbox, area, iscrowd } = item.entry;
    let { entry } = item;
    if (area === null && isBox(bbox)) {
      const computed = bbox[2] * bbox[3];
      log.repaired(
        'null',
        'annotations',
        item,
        'area',
        `null becomes ${computed}, width * height of the box`,
      );
      entry = { ...entry, area: computed };
    }
    if (iscrowd === null) {
      log.repaired('null', 'annotations', item, 'iscrowd', 'null becomes 0');
      entry = { ...entry, iscrowd: 0 };
    }
    return entry;
  });
  return { ...set, annotations };
}
