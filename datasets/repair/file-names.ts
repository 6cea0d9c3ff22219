import { posix } from 'node:path';
import { shownValue } from '../coco/problems';
import { groupBy } from '../group-by';
import { mapEntries, type Entry, type Item, type RepairSet } from './items';
import { commonParts, differences, nameParts } from './near-names';
import type { PictureFolder } from './picture-folder';
import type { RepairContext } from './repair-family';

/** The name of an image's picture, and the one file that it can mean; undefined where there is none. */
interface Named {
  readonly item: Item;
  readonly name: string;
  readonly file: string | undefined;
}

/**
 * Names of pictures that are there under another name: backslashes, absolute paths, addresses and folders before or behind
 * the last part, Unicode form, letter case, blanks, percent-encoding. Where `file_name` is missing, `coco_url` or `path`. What stays:
 * a name that could mean several files; different names that could all mean one; a name in one folder whose file is in
 * another, unless all names of that folder have files.
 */
export function repairFileNames(set: RepairSet, { pictures, log }: RepairContext): RepairSet {
  const named = new Map<Item, Named>();
  for (const item of set.images) {
    const name = nameOf(item.entry);
    if (name === undefined) continue;
    const near = pictures.near(name);
    if (near.length > 1) {
      log.undecidedAt('images', item, 'file_name', `${shownValue(name)}: ${pictures.hint(name)!}`);
    }
    named.set(item, { item, name, file: fileOf(name, near, pictures) });
  }
  const rivals = groupBy([...named.values()], ({ file }) => file);
  const folders = groupBy([...named.values()], ({ name }) => folderOf(canonical(name)));

  const images = mapEntries(set.images, (item) => {
    const { name = '', file } = named.get(item) ?? {};
    if (file === undefined || file === item.entry.file_name || pictures.has(String(item.entry.file_name))) {
      return item.entry;
    }
    const rival = rivals.get(file)!.find((other) => canonical(other.name) !== canonical(name));
    if (rival !== undefined) {
      const reason = `${shownValue(name)} and ${shownValue(rival.name)} could both be ${shownValue(file)}`;
      log.undecidedAt('images', item, 'file_name', reason);
      return item.entry;
    }
    const neighbors = folders.get(folderOf(canonical(name)))!;
    const isWhole = neighbors.every((other) => other.file !== undefined);
    if (isElsewhere(name, file) && !isWhole) {
      const reason = `${shownValue(name)} could be ${shownValue(file)}, but of its folder not all pictures are there`;
      log.undecidedAt('images', item, 'file_name', reason);
      return item.entry;
    }
    const before = `${shownValue(item.entry.file_name)} becomes ${shownValue(file)}`;
    const isGiven = name === item.entry.file_name;
    const reason = isGiven
      ? `${before}, which differs in ${differences(name, file)}`
      : `${before}, by ${shownValue(name)}`;
    log.repaired('file name', 'images', item, 'file_name', reason);
    return { ...item.entry, file_name: file };
  });
  return { ...set, images };
}

function nameOf({ file_name: name, coco_url: url, path }: Entry): string | undefined {
  const isMissing = name === undefined || name === null || name === '';
  return (isMissing ? [url, path] : [name]).find(isName);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function fileOf(name: string, near: readonly string[], pictures: PictureFolder): string | undefined {
  if (near.length === 0) return pictures.has(name) ? posix.normalize(name) : undefined;
  return near.length === 1 ? near[0] : undefined;
}

/** Two names of which this is the same are one name. */
function canonical(name: string): string {
  return nameParts(name).join('/').normalize('NFC');
}

function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

/** Whether both the name and the file have folders that the other lacks. */
function isElsewhere(name: string, file: string): boolean {
  const [parts, fileParts] = [nameParts(name), file.split('/')];
  const common = commonParts(parts, fileParts);
  return common < parts.length && common < fileParts.length;
}
