import type { Mask } from '../../../detection/structures/mask';
import { columnRuns, MaskBuilder } from '../../../detection/structures/mask-runs';
import { PolygonMask } from '../../coco/masks/polygon-mask';
import { rleToBox } from '../../coco/masks/rle';
import { roundHalfToEven, type Place, type Turn } from './turn';

/** A part of a mask as bytes of 0 and 1, column by column: [width, height]. */
interface Patch {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly inside: Uint8Array;
}

/**
 * A mask that is turned with its picture: its polygons where it has some, else its pixels, each the nearest of the old ones, as
 * torchvision's rotate of a mask. Of those only the mask's box is unpacked.
 */
export function turnMask(mask: Mask, turn: Turn): Mask {
  return mask instanceof PolygonMask ? turnPolygons(mask, turn) : turnPixels(mask, turn);
}

function turnPolygons({ polygons, size }: PolygonMask, turn: Turn): PolygonMask {
  const turned = polygons.map((polygon) => {
    const corners = polygon.slice();
    for (let i = 0; i < polygon.length; i += 2) {
      [corners[i], corners[i + 1]] = turn.to(polygon[i], polygon[i + 1]);
    }
    return corners;
  });
  return new PolygonMask(turned, size);
}

function turnPixels(mask: Mask, turn: Turn): Mask {
  const { height, width } = mask.size;
  const turned = new MaskBuilder(mask.size);
  const patch = patchOf(mask);
  const { left, top } = patch;
  const corners = [left, left + patch.width].flatMap((x) => [
    turn.to(x, top),
    turn.to(x, top + patch.height),
  ]);
  const [columns, rows] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  const [firstColumn, endColumn] = range(columns, width);
  const [firstRow, endRow] = range(rows, height);
  for (let column = firstColumn; column < endColumn; column++) {
    let start = -1;
    for (let row = firstRow; row < endRow; row++) {
      if (isInside(patch, turn.from(column, row))) {
        if (start < 0) start = row;
      } else if (start >= 0) {
        turned.add(column, start, row);
        start = -1;
      }
    }
    if (start >= 0) turned.add(column, start, endRow);
  }
  return turned.mask();
}

function patchOf(mask: Mask): Patch {
  const [left, top, width, height] = rleToBox(mask);
  const inside = new Uint8Array(width * height);
  const { firstRun, starts, ends } = columnRuns(mask);
  for (let x = 0; x < width; x++) {
    for (let run = firstRun[left + x]; run < firstRun[left + x + 1]; run++) {
      inside.fill(1, x * height + starts[run] - top, x * height + ends[run] - top);
    }
  }
  return { left, top, width, height, inside };
}

/** The whole numbers around these places, and one more for rounding, in 0..length. */
function range(places: readonly number[], length: number): [from: number, to: number] {
  return [
    Math.max(0, Math.floor(Math.min(...places)) - 1),
    Math.min(length, Math.ceil(Math.max(...places)) + 1),
  ];
}

function isInside({ left, top, width, height, inside }: Patch, [x, y]: Place): boolean {
  const column = roundHalfToEven(x) - left;
  const row = roundHalfToEven(y) - top;
  return column >= 0 && column < width && row >= 0 && row < height && inside[column * height + row] === 1;
}
