import type { Mask } from './mask';
import { columnRuns, MaskBuilder } from './mask-runs';
import type { Size, Window } from './size';

/** What happens to each mask of an image. All of them share what does not depend on their pixels, so it is made once. */
export type MaskTransform = (mask: Mask) => Mask;

/** Mirrors the masks of an image of this size left to right. */
export function maskFlip({ height, width }: Size): MaskTransform {
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = width - 1 - x;
  const rows = rowStarts(height, height);
  return (mask) => rearranged(mask, { height, width }, columns, rows);
}

/** Mirrors the masks of an image of this size top to bottom. */
export function maskVerticalFlip(size: Size): MaskTransform {
  const flip = maskFlip(size);
  // All pixels in the opposite order are the image turned by half a circle: mirrored along both axes.
  return ({ counts }) => {
    const reversed = counts.slice().reverse();
    return flip({ size, counts: counts.length % 2 === 1 ? reversed : Uint32Array.of(0, ...reversed) });
  };
}

/** Brings the masks of an image of size `from` to size `to`, by the nearest pixel: torch's interpolate(mode='nearest'). */
export function maskResize(from: Size, to: Size): MaskTransform {
  const columns = new Int32Array(to.width);
  for (let x = 0; x < to.width; x++) columns[x] = nearest(x, from.width, to.width);
  const rows = rowStarts(from.height, to.height);
  return (mask) => rearranged(mask, to, columns, rows);
}

/**
 * Takes the part of the masks of an image of this size that is in a window; where that reaches beyond the image, on any side,
 * there are zeros.
 */
export function maskCrop(size: Size, { top, left, height, width }: Window): MaskTransform {
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = left + x < size.width ? left + x : -1;
  const rows = new Int32Array(size.height + 1);
  for (let y = 0; y <= size.height; y++) rows[y] = Math.min(Math.max(y - top, 0), height);
  return (mask) => rearranged(mask, { height, width }, columns, rows);
}

/** The mask of an image after it is mirrored left to right. */
export function flipMask(mask: Mask): Mask {
  return maskFlip(mask.size)(mask);
}

/** The mask of an image at size `to`: see maskResize. */
export function resizeMask(mask: Mask, to: Size): Mask {
  return maskResize(mask.size, to)(mask);
}

/** The part of a mask in a window: see maskCrop. */
export function cropMask(mask: Mask, window: Window): Mask {
  return maskCrop(mask.size, window)(mask);
}

/** A mask with all pixels that are at most `distance` rows and columns away from it. */
export function growMask(mask: Mask, distance: number): Mask {
  const { height, width } = mask.size;
  const { firstRun, starts, ends } = columnRuns(mask);
  const grown = new MaskBuilder(mask.size);
  for (let x = 0; x < width; x++) {
    const from = firstRun[Math.max(0, x - distance)];
    const to = firstRun[Math.min(width, x + distance + 1)];
    const runs = Array.from({ length: to - from }, (_, i) => from + i).sort((a, b) => starts[a] - starts[b]);
    let start = 0;
    let end = 0;
    for (const run of runs) {
      const first = Math.max(0, starts[run] - distance);
      if (first > end) {
        grown.add(x, start, end);
        start = first;
      }
      end = Math.max(end, Math.min(height, ends[run] + distance));
    }
    grown.add(x, start, end);
  }
  return grown.mask();
}

/** The source position of a pixel, computed in float32 like torch's nearest_neighbor_compute_source_index. */
function nearest(output: number, from: number, to: number): number {
  return Math.min(Math.floor(Math.fround(output * Math.fround(from / to))), from - 1);
}

/** [from + 1]: the first of `to` rows that is taken from this row or a later one; `to` where none is. */
function rowStarts(from: number, to: number): Int32Array {
  const starts = new Int32Array(from + 1);
  let output = 0;
  for (let row = 0; row <= from; row++) {
    while (output < to && nearest(output, from, to) < row) output++;
    starts[row] = output;
  }
  return starts;
}

/**
 * A mask of other rows and columns, run by run: column x is that of `columns[x]`, or empty for a negative one, and its rows from
 * a to b come to those from rows[a] to rows[b].
 */
function rearranged(mask: Mask, size: Size, columns: Int32Array, rows: Int32Array): Mask {
  const { firstRun, starts, ends } = columnRuns(mask);
  const builder = new MaskBuilder(size);
  for (let x = 0; x < columns.length; x++) {
    const column = columns[x];
    if (column < 0) continue;
    const end = firstRun[column + 1];
    for (let run = firstRun[column]; run < end; run++) builder.add(x, rows[starts[run]], rows[ends[run]]);
  }
  return builder.mask();
}
