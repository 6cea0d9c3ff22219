import type { Size } from '../structures/size';

const { abs, floor, fround, max, min } = Math;

/** torch: coefficient of the cubic convolution (Keys 1981). */
export const A = -0.75;
/** Values that an enlarged one is made of, along an axis. */
const TAPS = 4;
/** Sum of the weights below 0 along an axis, at most: -A t (1 - t), halfway between two values. */
const MOST_NEGATIVE = -A / 4;
/** The same of both axes. Those above 0 are 1 more together. */
const OVERSHOOT = 2 * (1 + MOST_NEGATIVE) * MOST_NEGATIVE;
/** How far rounding may lift a value above its bound, in parts of the largest number. */
const ROUNDING = 1e-5;

/** The largest value of an enlarged map. */
export interface MapMaximum {
  /** Its row. */
  readonly row: number;
  /** Its column. */
  readonly column: number;
  /** Rounded to float32. */
  readonly value: number;
}

/** Of each position along one axis of the enlarged map: what it is made of. */
interface AxisTable {
  /** [windows + 1] the first position that is made of this window, or a later one. */
  readonly starts: Int32Array;
  /** [positions, 4] of the values of its window. */
  readonly weights: Float64Array;
}

/**
 * Square maps enlarged, or reduced, to whole pixels as torch's interpolate(mode='bicubic', align_corners=False) does: half-pixel
 * centers, replicated edges, no antialiasing.
 *
 * A window is what an enlarged value is made of, 4 values along each axis: window w is the values w - 2 .. w + 1, those outside
 * of the map being the nearest on it. A map of `size` has size + 1 of them along an axis.
 */
export class CubicEnlargement {
  private readonly rows: AxisTable;
  private readonly columns: AxisTable;
  /** [4, 4], the window that is being looked at. */
  private readonly patch = new Float64Array(TAPS * TAPS);
  /** [4], its rows mixed into one. */
  private readonly mixed = new Float64Array(TAPS);

  /**
   * @param size height and width of the maps
   * @param to of the enlarged ones
   */
  constructor(
    private readonly size: number,
    private readonly to: Size,
  ) {
    this.rows = axisTable(size, to.height);
    this.columns = axisTable(size, to.width);
  }

  /**
   * The largest value of an enlarged map, in row-major order the first of several. Only windows whose own extremes allow for it
   * are enlarged: of a map of 56 x 56 with one narrow peak some 50 of 3249, of noise nearly all.
   *
   * @param values [size, size]
   */
  maximum(values: Float32Array): MapMaximum {
    const windows = this.size + 1;
    const best = { position: 0, value: -Infinity };
    const isDone = new Uint8Array(windows * windows);
    const lookAround = (index: number): void => {
      const x = index % this.size;
      const y = (index - x) / this.size;
      for (let windowY = max(y - 1, 0); windowY <= min(y + 2, this.size); windowY++) {
        for (let windowX = max(x - 1, 0); windowX <= min(x + 2, this.size); windowX++) {
          const window = windowY * windows + windowX;
          if (isDone[window] === 1) continue;
          isDone[window] = 1;
          this.load(values, windowY, windowX);
          if (boundOf(this.patch) >= best.value) this.enlarge(windowY, windowX, best);
        }
      }
    };
    let [highest, lowest] = [0, 0];
    for (let i = 1; i < values.length; i++) {
      if (values[i] > values[highest]) highest = i;
      if (values[i] < values[lowest]) lowest = i;
    }
    // What is around the largest value rules out windows that have no value nearly as large.
    lookAround(highest);
    const needed = lowestHigh(best.value, values[lowest], values[highest]);
    for (let i = 0; i < values.length; i++) if (values[i] >= needed) lookAround(i);
    const column = best.position % this.to.width;
    return { row: (best.position - column) / this.to.width, column, value: best.value };
  }

  private load(values: Float32Array, windowY: number, windowX: number): void {
    const { size, patch } = this;
    for (let i = 0; i < TAPS; i++) {
      const start = onMap(windowY - 2 + i, size) * size;
      for (let j = 0; j < TAPS; j++) patch[TAPS * i + j] = values[start + onMap(windowX - 2 + j, size)];
    }
  }

  /** Goes through the enlarged values that are made of the loaded window. @param best so far, which they may beat */
  private enlarge(windowY: number, windowX: number, best: { position: number; value: number }): void {
    const { rows, columns, patch, mixed, to } = this;
    for (let y = rows.starts[windowY]; y < rows.starts[windowY + 1]; y++) {
      for (let j = 0; j < TAPS; j++) {
        mixed[j] = 0;
        for (let i = 0; i < TAPS; i++) mixed[j] += rows.weights[TAPS * y + i] * patch[TAPS * i + j];
      }
      for (let x = columns.starts[windowX]; x < columns.starts[windowX + 1]; x++) {
        let sum = 0;
        for (let j = 0; j < TAPS; j++) sum += columns.weights[TAPS * x + j] * mixed[j];
        const value = fround(sum);
        const position = y * to.width + x;
        if (value > best.value || (value === best.value && position < best.position)) {
          best.value = value;
          best.position = position;
        }
      }
    }
  }
}

/** What no value that is made of a window exceeds: weights above 0 take its largest value, those below 0 its smallest. */
function boundOf(window: Float64Array): number {
  let high = -Infinity;
  let low = Infinity;
  for (let i = 0; i < window.length; i++) {
    if (window[i] > high) high = window[i];
    if (window[i] < low) low = window[i];
  }
  return high + OVERSHOOT * (high - low) + ROUNDING * max(abs(high), abs(low));
}

/** How large the largest value of a window must be for its bound to reach `value`, among values from low to high. */
function lowestHigh(value: number, low: number, high: number): number {
  return (value - ROUNDING * max(abs(high), abs(low)) + OVERSHOOT * low) / (1 + OVERSHOOT);
}

/** Source positions as torch's area_pixel_compute_source_index, in float32. */
function axisTable(from: number, to: number): AxisTable {
  const starts = new Int32Array(from + 2).fill(to);
  const weights = new Float64Array(TAPS * to);
  const scale = fround(from / to);
  for (let position = to - 1; position >= 0; position--) {
    const source = fround(scale * (position + 0.5) - 0.5);
    const base = min(floor(source), from - 1);
    const t = fround(source - base);
    weights.set([far(1 + t), near(t), near(1 - t), far(2 - t)], TAPS * position);
    starts.fill(position, 0, base + 2);
  }
  return { starts, weights };
}

/** Weight of a value up to 1 away. */
function near(distance: number): number {
  return ((A + 2) * distance - (A + 3)) * distance ** 2 + 1;
}

/** Weight of a value 1 to 2 away. */
function far(distance: number): number {
  return A * (((distance - 5) * distance + 8) * distance - 4);
}

function onMap(index: number, size: number): number {
  return min(max(index, 0), size - 1);
}
