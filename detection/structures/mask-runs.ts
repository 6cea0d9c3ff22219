import type { Mask } from './mask';
import type { Size } from './size';

/** The runs of ones of each column: run i has the rows from starts[i] to ends[i], and column x those from firstRun[x] on. */
export interface ColumnRuns {
  /** [width + 1] */
  readonly firstRun: Uint32Array;
  /** First row of each run. */
  readonly starts: readonly number[];
  /** Behind the last row of each run. */
  readonly ends: readonly number[];
}

/** The runs of a mask, column by column. */
export function columnRuns({ size: { height, width }, counts }: Mask): ColumnRuns {
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

/** A function that tells whether a pixel is in a mask; those outside of the image are not. */
export function pixelTest(mask: Mask): (column: number, row: number) => boolean {
  const { firstRun, starts, ends } = columnRuns(mask);
  return (column, row) => {
    for (let run = firstRun[column]; run < firstRun[column + 1]; run++) {
      if (starts[run] <= row && row < ends[run]) return true;
    }
    return false;
  };
}

/** Makes a mask from its runs of ones, in the order of the columns and of the rows in each. */
export class MaskBuilder {
  /** Where runs of ones begin and end, by turns, counted in pixels from the first column's top. */
  private readonly bounds: number[] = [];

  /** A mask without ones, so far. @param size of the image */
  constructor(private readonly size: Size) {}

  /** Adds the pixels of column `x` from row `start` to row `end`; none where they are equal. */
  add(x: number, start: number, end: number): void {
    if (start === end) return;
    const { bounds, size } = this;
    const first = x * size.height + start;
    if (bounds.length > 0 && bounds[bounds.length - 1] === first) bounds.pop();
    else bounds.push(first);
    bounds.push(x * size.height + end);
  }

  /** The mask of what has been added. */
  mask(): Mask {
    const { bounds, size } = this;
    const total = size.height * size.width;
    const isFull = bounds.length > 0 && bounds[bounds.length - 1] === total;
    const ends = isFull ? bounds : [...bounds, total];
    return { size, counts: Uint32Array.from(ends, (end, i) => (i === 0 ? end : end - ends[i - 1])) };
  }
}
