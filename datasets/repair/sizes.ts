import type { Size } from '../../detection/structures/size';
import { shownValue } from '../coco/problems';
import { frameOf } from '../coco/upright';
import { isSameSize, type Frame, type PictureHeader } from '../images/picture-header';
import { boxesThatFit, headerOf, isSide, sizeOf, sizeText, type FitsInto } from './image-sizes';
import type { Item, RepairSet } from './items';
import type { RepairContext } from './repair-family';

/**
 * Sizes of images that are missing, null or 0, from the headers of their pictures. Where EXIF swaps a picture's sides, that which
 * the boxes fit into; where they fit either way, the set's other such pictures decide, if they agree.
 */
export async function repairSizes(set: RepairSet, context: RepairContext): Promise<RepairSet> {
  const fitsInto = boxesThatFit(set);
  const open: { readonly item: Item; readonly header: PictureHeader; readonly sizes: readonly Size[] }[] = [];
  const images: Item[] = [];
  for (const item of set.images) {
    const header = sizeOf(item.entry) ? undefined : await headerOf(item, context);
    const sizes = header ? possibleSizes(item, header, fitsInto) : [];
    if (header && sizes.length !== 1) open.push({ item, header, sizes });
    images.push(sizes.length === 1 ? withSize(item, sizes[0], context) : item);
  }
  if (open.length === 0) return { ...set, images };

  const frame = await frameOfOthers(images, context);
  const decided = new Map<Item, Item>();
  for (const { item, header, sizes } of open) {
    if (frame !== undefined && sizes.length > 1) decided.set(item, withSize(item, header[frame], context));
    else {
      const { stored, shown } = header;
      const reason = `EXIF turns the picture: it is ${sizeText(stored)} as stored, ${sizeText(shown)} as shown`;
      context.log.undecidedAt('images', item, 'width', reason);
    }
  }
  return { ...set, images: images.map((item) => decided.get(item) ?? item) };
}

/** The sizes that a picture can have: that of its file, or of two those that a side that is given and the boxes allow. */
function possibleSizes(item: Item, { stored, shown }: PictureHeader, fitsInto: FitsInto): Size[] {
  if (isSameSize(stored, shown)) return [stored];
  const { width, height } = item.entry;
  return [stored, shown].filter(
    (size) =>
      (!isSide(width) || width === size.width) &&
      (!isSide(height) || height === size.height) &&
      fitsInto(item, size),
  );
}

function withSize(item: Item, { width, height }: Size, { log }: RepairContext): Item {
  const before = `${shownValue(item.entry.width)} x ${shownValue(item.entry.height)}`;
  const reason = `${before} becomes ${width} x ${height}, as the picture says`;
  log.repaired('size from the picture', 'images', item, 'width', reason);
  return { ...item, entry: { ...item.entry, width, height } };
}

/** The frame that the sizes of all pictures are in whose sides EXIF swaps; undefined where there is none, or they do not agree. */
async function frameOfOthers(images: readonly Item[], context: RepairContext): Promise<Frame | undefined> {
  const found = new Set<Frame>();
  for (const item of images) {
    const size = sizeOf(item.entry);
    const header = size && (await headerOf(item, context));
    const frame = header && frameOf(size, header);
    if (frame !== undefined && frame !== 'either') found.add(frame);
  }
  return found.size === 1 ? [...found][0] : undefined;
}
