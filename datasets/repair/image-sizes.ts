import type { Size } from '../../detection/structures/size';
import { isId } from '../coco/entries';
import type { PictureHeader } from '../images/picture-header';
import { byImageId, isBox, type Box, type Entry, type Item, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** So far out of an image a box may reach by rounding, pixels. */
const TOLERANCE = 1;

/** Undefined where a side is missing or cannot be one. */
export function sizeOf({ width, height }: Entry): Size | undefined {
  return isSide(width) && isSide(height) ? { width, height } : undefined;
}

/** Whether a value can be a width or a height. */
export function isSide(value: unknown): value is number {
  return isId(value) && value > 0;
}

/** `320 x 240`. */
export function sizeText({ width, height }: Size): string {
  return `${width} x ${height}`;
}

/** Undefined where there is no picture that can be read. */
export function headerOf({ entry }: Item, { pictures }: RepairContext): Promise<PictureHeader | undefined> {
  return typeof entry.file_name === 'string' ? pictures.header(entry.file_name) : Promise.resolve(undefined);
}

/** Whether all boxes of an image fit into a size. */
export type FitsInto = (image: Item, size: Size) => boolean;

/** Looks at the boxes of a set; what is no box fits anywhere. */
export function boxesThatFit({ annotations }: RepairSet): FitsInto {
  const groups = [...byImageId(annotations, 'image_id')];
  const boxes = new Map<unknown, Box[]>(
    groups.map(([id, items]) => [id, items.map(({ entry }) => entry.bbox).filter(isBox)]),
  );
  return ({ entry }, size) => (boxes.get(entry.id) ?? []).every((box) => fits(box, size));
}

function fits([x, y, width, height]: Box, size: Size): boolean {
  const isInside = x >= -TOLERANCE && y >= -TOLERANCE;
  return isInside && x + width <= size.width + TOLERANCE && y + height <= size.height + TOLERANCE;
}
