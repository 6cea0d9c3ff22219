/** Types of elements that a file may have, by safetensors' names. */
export type ElementType = 'F64' | 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'I16' | 'I8' | 'U8' | 'BOOL';

/** Bytes of an element of each type. */
export const ELEMENT_SIZE: Readonly<Record<ElementType, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A tensor as it lies in a file, whatever the file's format: nothing is lost by reading and writing it. */
export interface StoredTensor {
  /** Type of the elements. */
  readonly type: ElementType;
  /** Length of each axis; empty for a scalar. */
  readonly shape: readonly number[];
  /** Row-major, little-endian: product of `shape` times the element's size. */
  readonly bytes: Uint8Array;
}

/** A tensor of float32; it shares the memory of `values`. */
export function storedFloat32(shape: readonly number[], values: Float32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { type: 'F32', shape, bytes };
}

/** A tensor of int32; it shares the memory of `values`. */
export function storedInt32(shape: readonly number[], values: Int32Array): StoredTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { type: 'I32', shape, bytes };
}

/** A tensor of int64, with memory of its own. */
export function storedInt64(shape: readonly number[], values: ArrayLike<number>): StoredTensor {
  const bytes = new Uint8Array(BigInt64Array.from(Array.from(values), BigInt).buffer);
  return { type: 'I64', shape, bytes };
}

/**
 * The values as float32, rounded where the type is wider. Shares memory with a float32 tensor that lies aligned.
 */
export function toFloat32(tensor: StoredTensor): Float32Array {
  const { type, bytes } = tensor;
  const count = bytes.byteLength / ELEMENT_SIZE[type];
  if (type === 'F32' && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[type];
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, i);
  return values;
}

/** Position of the first element that is NaN or infinite; -1 when there is none. */
export function firstNonFinite(tensor: StoredTensor): number {
  const { type, bytes } = tensor;
  // Wider than float32: 1e300 is finite, though rounding would make it infinite.
  if (type === 'F64') return nonFinite(new Float64Array(bytes.slice().buffer));
  if (type !== 'F32' && type !== 'F16' && type !== 'BF16') return -1;
  return nonFinite(toFloat32(tensor));
}

/** A plain loop: `findIndex` takes twenty times as long. */
function nonFinite(values: Float32Array | Float64Array): number {
  for (let i = 0; i < values.length; i++) if (values[i] - values[i] !== 0) return i;
  return -1;
}

const readers: Record<ElementType, (view: DataView, i: number) => number> = {
  F64: (view, i) => view.getFloat64(8 * i, true),
  F32: (view, i) => view.getFloat32(4 * i, true),
  F16: (view, i) => halfToNumber(view.getUint16(2 * i, true)),
  BF16: (view, i) => bfloatToNumber(view.getUint16(2 * i, true)),
  I64: (view, i) => Number(view.getBigInt64(8 * i, true)),
  I32: (view, i) => view.getInt32(4 * i, true),
  I16: (view, i) => view.getInt16(2 * i, true),
  I8: (view, i) => view.getInt8(i),
  U8: (view, i) => view.getUint8(i),
  BOOL: (view, i) => view.getUint8(i),
};

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The upper half of a float32: 1 sign, 8 exponent, 7 fraction bits. */
function bfloatToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 7) & 0xff;
  const fraction = bits & 0x7f;
  if (exponent === 0) return sign * fraction * 2 ** -133;
  if (exponent === 0xff) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 128) * 2 ** (exponent - 127);
}
