/** The next smaller number of float32; of 0 and less a number that all probabilities exceed. */
export function nextBelow(value: number): number {
  if (value <= 0) return -1;
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]--;
  return new Float32Array(bits.buffer)[0];
}
