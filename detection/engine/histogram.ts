/** How many values fell into each of some ranges of equal width. */
export interface Histogram {
  /** NaN of no values. */
  readonly min: number;
  readonly max: number;
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
    if (!Number.isFinite(values[i])) continue;
    const bucket = width > 0 ? Math.floor((values[i] - min) / width) : NUM_BUCKETS;
    counts[Math.min(bucket, NUM_BUCKETS - 1)]++;
  }
  return { min, max, counts };
}
