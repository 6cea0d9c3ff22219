import type { Size } from '../../detection/structures/size';
import { isId } from '../coco/entries';
import { shownValue } from '../coco/problems';
import { frameOf } from '../coco/upright';
import { isSameSize, type Frame, type PictureHeader } from '../images/picture-header';
import { byImageId, isBox, type Box, type Entry, type Item, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** So far out of an image a box may reach by rounding, pixels. */
const TOLERANCE = 1;

/**
 * Sizes of images that are missing, null or 0, from the headers of their pictures; and sizes that the image's boxes do not fit
 * into, where they fit into those of the picture turned the other way: of size and boxes, one was taken before EXIF
 * rotation, the other after it. Where EXIF swaps the sides of a picture, its size is missing and its boxes fit either way, the set's other
 * pictures decide, if they agree.
 */
export async function repairSizes(set: RepairSet, context: RepairContext): Promise<RepairSet> {
  const boxes = boxesByImage(set);
  const open: Item[] = [];
  const images: Item[] = [];
  for (const item of set.images) {
    const known = sizeOf(item.entry);
    const fits = (size: Size): boolean =>
      (boxes.get(item.entry.id) ?? []).every((box) => fitsInto(box, size));
    const header = known !== undefined && fits(known) ? undefined : await headerOf(item, context);
    const size = header && (known ? turnedSize(known, header, fits) : missingSize(item.entry, header, fits));
    if (header && !known && !size) open.push(item);
    images.push(size ? withSize(item, size, context) : item);
  }
  if (open.length === 0) return { ...set, images };

  const frame = await frameOfOthers(images, context);
  const decided = new Map<Item, Item>();
  for (const item of open) {
    const { stored, shown } = (await headerOf(item, context))!;
    if (frame !== undefined) decided.set(item, withSize(item, { stored, shown }[frame], context));
    else {
      const reason = `EXIF turns the picture: it is ${text(stored)} as stored, ${text(shown)} as shown`;
      context.log.undecidedAt('images', item, 'width', reason);
    }
  }
  return { ...set, images: images.map((item) => decided.get(item) ?? item) };
}

function boxesByImage({ annotations }: RepairSet): Map<unknown, Box[]> {
  const groups = [...byImageId(annotations, 'image_id')];
  return new Map(groups.map(([id, items]) => [id, items.map(({ entry }) => entry.bbox).filter(isBox)]));
}

/** Undefined where there is no picture that can be read. */
function headerOf({ entry }: Item, { pictures }: RepairContext): Promise<PictureHeader | undefined> {
  return typeof entry.file_name === 'string' ? pictures.header(entry.file_name) : Promise.resolve(undefined);
}

function sizeOf({ width, height }: Entry): Size | undefined {
  return isSide(width) && isSide(height) ? { width, height } : undefined;
}

function isSide(value: unknown): value is number {
  return isId(value) && value > 0;
}

function fitsInto([x, y, width, height]: Box, size: Size): boolean {
  const isInside = x >= -TOLERANCE && y >= -TOLERANCE;
  return isInside && x + width <= size.width + TOLERANCE && y + height <= size.height + TOLERANCE;
}

/** A size with its sides swapped, where the picture has it and the boxes say that it is meant. */
function turnedSize(
  { width, height }: Size,
  { stored, shown }: PictureHeader,
  fits: (size: Size) => boolean,
): Size | undefined {
  const turned = { width: height, height: width };
  return [stored, shown].some((size) => isSameSize(size, turned)) && fits(turned) ? turned : undefined;
}

/** The size that a picture must have, as far as a side that is given and the boxes say so. */
function missingSize(
  { width, height }: Entry,
  { stored, shown }: PictureHeader,
  fits: (size: Size) => boolean,
): Size | undefined {
  const sizes = (isSameSize(stored, shown) ? [stored] : [stored, shown]).filter(
    (size) => (!isSide(width) || width === size.width) && (!isSide(height) || height === size.height),
  );
  if (sizes.length === 1) return sizes[0];
  const fitting = sizes.filter(fits);
  return fitting.length === 1 ? fitting[0] : undefined;
}

function withSize(item: Item, { width, height }: Size, { log }: RepairContext): Item {
  const before = item.entry;
  const known = sizeOf(before);
  if (known === undefined) {
    const reason = `${shownValue(before.width)} x ${shownValue(before.height)} becomes ${width} x ${height}, as the picture says`;
    log.repaired('size from the picture', 'images', item, 'width', reason);
  } else {
    const reason = `${text(known)} becomes ${width} x ${height}: the boxes fit only into the picture turned that way`;
    log.repaired('size of the other orientation', 'images', item, 'width', reason);
  }
  return { ...item, entry: { ...before, width, height } };
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

function text({ width, height }: Size): string {
  return `${width} x ${height}`;
}
