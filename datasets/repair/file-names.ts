import { posix } from 'node:path';
import { shownValue } from '../coco/problems';
import { differences, nameParts } from './near-names';
import { mapEntries, type Item, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/**
 * Names of pictures that are there under another name: backslashes, absolute paths, addresses and folders before or behind
 * the last part, Unicode form, letter case, blanks, percent-encoding. A name that could mean several files stays, and so do
 * different names that could all mean one.
 */
export function repairFileNames(set: RepairSet, { pictures, log }: RepairContext): RepairSet {
  const files = new Map<Item, string>();
  /** Of each file, the images that mean it, by their names. */
  const claims = new Map<string, Map<string, Item>>();
  for (const item of set.images) {
    const { file_name: name } = item.entry;
    if (typeof name !== 'string') continue;
    const near = pictures.near(name);
    if (near.length > 1) {
      log.undecidedAt('images', item, 'file_name', `${shownValue(name)}: ${pictures.hint(name)!}`);
    } else if (near.length === 1) {
      files.set(item, near[0]);
      claim(claims, near[0], name, item);
    } else if (pictures.has(name)) claim(claims, posix.normalize(name), name, item);
  }
  const images = mapEntries(set.images, (item) => {
    const file = files.get(item);
    if (file === undefined) return item.entry;
    const name = String(item.entry.file_name);
    const rivals = [...claims.get(file)!].filter(([other]) => other !== canonical(name));
    if (rivals.length > 0) {
      const other = shownValue(rivals[0][1].entry.file_name);
      log.undecidedAt(
        'images',
        item,
        'file_name',
        `${shownValue(name)} and ${other} could both be ${shownValue(file)}`,
      );
      return item.entry;
    }
    const reason = `${shownValue(name)} becomes ${shownValue(file)}, which differs in ${differences(name, file)}`;
    log.repaired('file name', 'images', item, 'file_name', reason);
    return { ...item.entry, file_name: file };
  });
  return { ...set, images };
}

function claim(claims: Map<string, Map<string, Item>>, file: string, name: string, item: Item): void {
  const names = claims.get(file) ?? new Map<string, Item>();
  claims.set(file, names.set(canonical(name), item));
}

/** Two names of which this is the same are one name. */
function canonical(name: string): string {
  return nameParts(name).join('/').normalize('NFC');
}
