import type { Mask } from './mask';
import { columnRuns, MaskBuilder } from './mask-runs';
import type { Size, Window } from './size';

/** The mask of an image after it is mirrored left to right. */
export function flipMask(mask: Mask): Mask {
  const { height, width } = mask.size;
  const columns = Int32Array.from({ length: width }, (_, x) => width - 1 - x);
  return rearranged(mask, mask.size, columns, rowStarts(height, height));
}

/** The mask of an image at size `to`, by the nearest pixel: torch's interpolate(mode='nearest'). */
export function resizeMask(mask: Mask, to: Size): Mask {
  const { height, width } = mask.size;
  const columns = Int32Array.from({ length: to.width }, (_, x) => nearest(x, width, to.width));
  return rearranged(mask, to, columns, rowStarts(height, to.height));
}

/** The part of a mask in a window; where that reaches beyond the mask there are zeros. */
export function cropMask(mask: Mask, { top, left, height, width }: Window): Mask {
  const columns = Int32Array.from({ length: width }, (_, x) => (left + x < mask.size.width ? left + x : -1));
  const starts = Int32Array.from({ length: mask.size.height + 1 }, (_, y) =>
    Math.min(Math.max(y - top, 0), height),
  );
  return rearranged(mask, { height, width }, columns, starts);
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
