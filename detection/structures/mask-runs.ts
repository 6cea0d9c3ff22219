import type { Mask } from './mask';
import type { Size } from './size';

/** The runs of ones of each column: run i has the rows from starts[i] to ends[i], and column x those from firstRun[x] on. */
export interface ColumnRuns {
  /** [width + 1] */
  readonly firstRun: Uint32Array;
  /** First row of each run. */
  readonly starts: Uint32Array;
  /** Behind the last row of each run. */
  readonly ends: Uint32Array;
}

/** The runs of a mask, column by column. */
export function columnRuns({ size: { height, width }, counts }: Mask): ColumnRuns {
  const firstRun = new Uint32Array(width + 1);
  // A run of ones is cut where it passes from a column to the next one.
  const most = Math.floor(counts.length / 2) + width;
  const starts = new Uint32Array(most);
  const ends = new Uint32Array(most);
  let runs = 0;
  let column = 0;
  let end = 0;
  for (let i = 1; i < counts.length; i += 2) {
    let from = end + counts[i - 1];
    end = from + counts[i];
    while (from < end) {
      const x = Math.floor(from / height);
      const top = x * height;
      while (column < x) firstRun[++column] = runs;
      const to = Math.min(end, top + height);
      starts[runs] = from - top;
      ends[runs++] = to - top;
      from = to;
    }
  }
  firstRun.fill(runs, column + 1);
  return { firstRun, starts: starts.subarray(0, runs), ends: ends.subarray(0, runs) };
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
  /** Of zeros and ones, by turns, up to `end`. */
  private readonly counts: number[] = [];
  /** Behind the last one so far, counted in pixels from the first column's top. */
  private end = 0;

  /** A mask without ones, so far. @param size of the image */
  constructor(private readonly size: Size) {}

  /** Adds the pixels of column `x` from row `start` to row `end`; none where they are equal. */
  add(x: number, start: number, end: number): void {
    if (start === end) return;
    const { counts, size } = this;
    const first = x * size.height + start;
    if (first === this.end && counts.length > 0) counts[counts.length - 1] += end - start;
    else counts.push(first - this.end, end - start);
    this.end = x * size.height + end;
  }

  /** The mask of what has been added. */
  mask(): Mask {
    const { counts, end, size } = this;
    const rest = size.height * size.width - end;
    const isWhole = rest === 0 && counts.length > 0;
    return { size, counts: Uint32Array.from(isWhole ? counts : [...counts, rest]) };
  }
}
