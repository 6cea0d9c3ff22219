import type { Mask } from './mask';
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
  /** Where runs of ones begin and end, by turns. */
  const bounds: number[] = [];
  columns.forEach((column, x) => {
    if (column < 0) return;
    for (let run = firstRun[column]; run < firstRun[column + 1]; run++) {
      const start = x * size.height + rows[starts[run]];
      const end = x * size.height + rows[ends[run]];
      if (start === end) continue;
      if (bounds.length > 0 && bounds[bounds.length - 1] === start) bounds[bounds.length - 1] = end;
      else bounds.push(start, end);
    }
  });
  const total = size.height * size.width;
  if (bounds.length === 0 || bounds[bounds.length - 1] < total) bounds.push(total);
  return { size, counts: Uint32Array.from(bounds, (bound, i) => (i === 0 ? bound : bound - bounds[i - 1])) };
}

/** The runs of ones of each column: run i has the rows from starts[i] to ends[i], and column x those from firstRun[x] on. */
interface ColumnRuns {
  /** [width + 1] */
  readonly firstRun: Uint32Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

function columnRuns({ size: { height, width }, counts }: Mask): ColumnRuns {
  const firstRun = new Uint32Array(width + 1);
  const starts: number[] = [];
  const ends: number[] = [];
  let column = 0;
  let end = 0;
  counts.forEach((count, i) => {
    const start = end;
    end += count;
    if (i % 2 === 0) return;
    for (let from = start; from < end;) {
      const x = Math.floor(from / height);
      while (column < x) firstRun[++column] = starts.length;
      const to = Math.min(end, (x + 1) * height);
      starts.push(from - x * height);
      ends.push(to - x * height);
      from = to;
    }
  });
  firstRun.fill(starts.length, column + 1);
  return { firstRun, starts, ends };
}
