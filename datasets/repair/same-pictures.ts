import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isId } from '../coco/entries';
import { shownValue } from '../coco/problems';
import { groupBy } from '../group-by';
import { byImageId, type Entry, type Item, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/**
 * One picture under several ids: what is annotated under one of them would be background under the others. All of it becomes
 * the first one's; an annotation that the first one has too goes. Of an image that is listed twice with the same everything,
 * the second entry goes.
 */
export function repairSamePictures(set: RepairSet, context: RepairContext): RepairSet {
  const images = withoutCopies(set.images, context);
  const annotations = byImageId(set.annotations, 'image_id');
  /** Items that change, and those that go. */
  const changed = new Map<Item, Item | undefined>();
  for (const [target, ...others] of sharedPictures(images)) {
    let { entry } = target;
    const has = new Set((annotations.get(idOf(target)) ?? []).map(contentOf));
    for (const other of others) {
      if (!hasSameSize(other, target)) {
        const reason = `${shownValue(entry.file_name)} is the picture of image ${idOf(target)} too, but of another size`;
        context.log.undecidedAt('images', other, 'file_name', reason);
        continue;
      }
      const moving = annotations.get(idOf(other)) ?? [];
      moveAnnotations(moving, idOf(target), has, changed, context);
      for (const item of moving) has.add(contentOf(item));
      const reason =
        `${shownValue(entry.file_name)} is the picture of image ${idOf(target)} too, ` +
        `which gets the annotations of this one (${moving.length})`;
      context.log.repaired('picture under several ids', 'images', other, 'file_name', reason);
      changed.set(other, undefined);
      entry = { ...other.entry, ...entry };
    }
    if (entry !== target.entry) changed.set(target, { ...target, entry });
  }
  const apply = (items: readonly Item[]): Item[] =>
    items.flatMap((item) => (changed.has(item) ? (changed.get(item) ?? []) : item));
  return { ...set, images: apply(images), annotations: apply(set.annotations) };
}

function withoutCopies(images: readonly Item[], { log }: RepairContext): Item[] {
  const first = new Map<unknown, Entry>();
  return images.filter((item) => {
    const earlier = first.get(item.entry.id);
    if (earlier === undefined) first.set(item.entry.id, item.entry);
    if (earlier === undefined || !isDeepStrictEqual(item.entry, earlier)) return true;
    log.repaired('copy', 'images', item, undefined, 'an earlier entry is the same: this one goes');
    return false;
  });
}

/** Images of one picture, of those whose id is theirs alone. */
function sharedPictures(images: readonly Item[]): Item[][] {
  const named = [...byImageId(images, 'id').values()].flatMap((items) => {
    const { file_name: name } = items[0].entry;
    return items.length > 1 || typeof name !== 'string' || name === '' ? [] : [{ item: items[0], name }];
  });
  const byFile = groupBy(named, ({ name }) => posix.normalize(name));
  return [...byFile.values()]
    .filter(({ length }) => length > 1)
    .map((shared) => shared.map(({ item }) => item));
}

function moveAnnotations(
  items: readonly Item[],
  imageId: number,
  has: ReadonlySet<string>,
  changed: Map<Item, Item | undefined>,
  { log }: RepairContext,
): void {
  for (const item of items) {
    if (has.has(contentOf(item))) {
      const reason = `image ${imageId}, which has the same picture, has the same annotation: this one goes`;
      log.repaired('copy', 'annotations', item, undefined, reason);
      changed.set(item, undefined);
    } else changed.set(item, { ...item, entry: { ...item.entry, image_id: imageId } });
  }
}

/** What an annotation says, but for its id and whose it is. */
function contentOf({ entry }: Item): string {
  return JSON.stringify({ ...entry, id: 0, image_id: 0 });
}

function hasSameSize(a: Item, b: Item): boolean {
  return a.entry.width === b.entry.width && a.entry.height === b.entry.height;
}

/** Of images that `byImageId` has found. */
function idOf({ entry: { id } }: Item): number {
  if (!isId(id)) throw new RangeError('not an image with an id');
  return id;
}
