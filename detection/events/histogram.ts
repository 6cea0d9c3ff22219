/** How many values fell into each of some ranges of equal width. */
export interface Histogram {
  /** NaN of no values. */
  readonly min: number;
  /** Upper end of the last range; NaN if there are no values. */
  readonly max: number;
  /** Number of values in each range, from `min` to `max`. */
  readonly counts: Float64Array;
}

/** TensorBoard's DEFAULT_BUCKET_COUNT (plugins/histogram/summary_v2.py). */
const NUM_BUCKETS = 30;

/** As TensorBoard's histogram_pb; only the last bucket counts where all values are the same. NaN and infinities are left out. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const counts = new Float64Array(NUM_BUCKETS);
  if (min > max) return { min: NaN, max: NaN, counts };
  const width = (max - min) / NUM_BUCKETS;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    const bucket = width > 0 ? ((value - min) / width) | 0 : NUM_BUCKETS;
    counts[bucket < NUM_BUCKETS ? bucket : NUM_BUCKETS - 1]++;
  }
  return { min, max, counts };
}
