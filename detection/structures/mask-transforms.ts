import type { Mask } from './mask';
import { columnRuns, MaskBuilder } from './mask-runs';
import type { Size, Window } from './size';

/** The mask of an image after it is mirrored left to right. */
export function flipMask(mask: Mask): Mask {
  const { height, width } = mask.size;
  const columns = Int32Array.from({ length: width }, (_, x) => width - 1 - x);
  return rearranged(mask, mask.size, columns, rowStarts(height, height));
}

/** The mask of an image after it is mirrored top to bottom. */
export function flipMaskVertically({ size, counts }: Mask): Mask {
  // All pixels in the opposite order are the image turned by half a circle: mirrored along both axes.
  const reversed = counts.slice().reverse();
  return flipMask({ size, counts: counts.length % 2 === 1 ? reversed : Uint32Array.of(0, ...reversed) });
}

/** The mask of an image at size `to`, by the nearest pixel: torch's interpolate(mode='nearest'). */
export function resizeMask(mask: Mask, to: Size): Mask {
  const { height, width } = mask.size;
  const columns = Int32Array.from({ length: to.width }, (_, x) => nearest(x, width, to.width));
  return rearranged(mask, to, columns, rowStarts(height, to.height));
}

/** The part of a mask in a window; where that reaches beyond the mask, on any side, there are zeros. */
export function cropMask(mask: Mask, { top, left, height, width }: Window): Mask {
  const columns = Int32Array.from({ length: width }, (_, x) => (left + x < mask.size.width ? left + x : -1));
  const starts = Int32Array.from({ length: mask.size.height + 1 }, (_, y) =>
    Math.min(Math.max(y - top, 0), height),
  );
  return rearranged(mask, { height, width }, columns, starts);
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
  let output = 0;
  return Int32Array.from({ length: from + 1 }, (_, row) => {
    while (output < to && nearest(output, from, to) < row) output++;
    return output;
  });
}

/**
 * A mask of other rows and columns, run by run: column x is that of `columns[x]`, or empty for -1, and its rows from a to b
 * come to those from rows[a] to rows[b].
 */
function rearranged(mask: Mask, size: Size, columns: Int32Array, rows: Int32Array): Mask {
  const { firstRun, starts, ends } = columnRuns(mask);
  const builder = new MaskBuilder(size);
  columns.forEach((column, x) => {
    if (column < 0) return;
    for (let run = firstRun[column]; run < firstRun[column + 1]; run++) {
      builder.add(x, rows[starts[run]], rows[ends[run]]);
    }
  });
  return builder.mask();
}
