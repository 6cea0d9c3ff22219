import { toFloat32, type StoredTensor } from './stored-tensor';

/** The largest float16, and the smallest that has all of its digits. */
const MAX = 65504;
const MIN_NORMAL = 2 ** -14;
/** What subnormal numbers are multiples of. */
const STEP = 2 ** -24;
/** Bits of a float32's fraction that a float16 has no room for. */
const LOST_BITS = 13;
/** What a float32's bits are ahead of a float16's, shifted: exponents count from -127 and from -15. */
const BIAS = (127 - 15) << 23;

/**
 * Weights in half the memory: filters and matrices of float32 rounded to float16, to the nearest, ties to even. Vectors (biases,
 * normalization), which take hardly any, stay as they are, and so does an entry whose largest value is outside of float16's normal
 * range, where more than rounding would be lost.
 */
export function inFloat16(tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => [name, isRoundable(tensor) ? rounded(tensor) : tensor]),
  );
}

function isRoundable(tensor: StoredTensor): boolean {
  if (tensor.type !== 'F32' || tensor.shape.length < 2) return false;
  let largest = 0;
  for (const value of toFloat32(tensor)) largest = Math.max(largest, Math.abs(value));
  return largest >= MIN_NORMAL && largest <= MAX;
}

function rounded(tensor: StoredTensor): StoredTensor {
  const values = Float32Array.from(toFloat32(tensor));
  const bits = new Uint32Array(values.buffer);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (bits[i] >>> 16) & 0x8000;
    halves[i] = sign | magnitude(Math.abs(values[i]), bits[i] & 0x7fffffff);
  }
  return { type: 'F16', shape: tensor.shape, bytes: new Uint8Array(halves.buffer) };
}

/** The bits of the nearest float16 of a number from 0 to its largest, of which `bits` are those of float32. */
function magnitude(value: number, bits: number): number {
  // Where it is subnormal, the bits are the number itself, in steps.
  if (value < MIN_NORMAL) return roundedToEven(value / STEP);
  const rebased = bits - BIAS;
  // Half a unit less one, and one more where that makes the result even: the sum carries into the exponent by itself.
  const toNearest = (1 << (LOST_BITS - 1)) - 1 + ((rebased >>> LOST_BITS) & 1);
  return (rebased + toNearest) >>> LOST_BITS;
}

function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
