const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/**
 * Indices of the `count` largest values, largest first; of equal values the lower index comes first, and NaN
 * comes last. The order of a stable descending sort (torch.sort, torch.topk), in linear time: a radix sort of
 * the values' bits, after a histogram has set aside what cannot be among the first `count`.
 */
export function descendingOrder(values: Float32Array, count: number = values.length): Int32Array {
  const keys = descendingKeys(values);
  let order: Int32Array = count < values.length ? candidates(keys, count) : Int32Array.from(keys.keys());
  let sorted: Int32Array = new Int32Array(order.length);
  const starts = new Int32Array(DIGITS);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    starts.fill(0);
    for (const index of order) starts[(keys[index] >>> shift) & (DIGITS - 1)]++;
    let total = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const size = starts[digit];
      starts[digit] = total;
      total += size;
    }
    for (const index of order) sorted[starts[(keys[index] >>> shift) & (DIGITS - 1)]++] = index;
    [order, sorted] = [sorted, order];
  }
  return order.subarray(0, count);
}

/** Unsigned integers in ascending order where the values are in descending order; equal where these are equal. */
function descendingKeys(values: Float32Array): Uint32Array {
  const keys = new Uint32Array(values.length);
  new Float32Array(keys.buffer).set(values);
  for (let i = 0; i < keys.length; i++) {
    const bits = keys[i];
    const magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) keys[i] = 0xffffffff;
    else if (magnitude === bits || magnitude === 0) keys[i] = magnitude ^ 0x7fffffff;
  }
  return keys;
}

/** Ascending indices of the `count` smallest keys and of those that share the upper half of their bits with them. */
function candidates(keys: Uint32Array, count: number): Int32Array {
  if (count <= 0) return new Int32Array(0);
  const histogram = new Int32Array(1 << 16);
  for (const key of keys) histogram[key >>> 16]++;
  let last = 0;
  let total = histogram[0];
  while (total < count) total += histogram[++last];
  const found = new Int32Array(total);
  let n = 0;
  for (let i = 0; i < keys.length; i++) if (keys[i] >>> 16 <= last) found[n++] = i;
  return found;
}
