/**
 * The little of protocol buffers that event files and ONNX files need: fields, encoded one by one. A message is the bytes of its
 * fields, one after the other (`Buffer.concat`), and goes into another message with `bytesField`; or, where it is large, with
 * `messageField`, which copies nothing.
 */

/** Wire types of https://protobuf.dev/programming-guides/encoding. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** int32, int64, uint64, enum. @throws RangeError for what is no whole number from 0 to 2^53 - 1. */
export function varintField(field: number, value: number): Buffer {
  return Buffer.concat([tag(field, VARINT), varint(value)]);
}

/** int32, int64, which may be negative. @throws RangeError for what is no whole number up to 2^53 - 1. */
export function signedField(field: number, value: number): Buffer {
  if (value >= 0) return varintField(field, value);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  // Ten bytes: all 64 bits of the two's complement.
  const bytes = Buffer.alloc(10);
  let rest = BigInt.asUintN(64, BigInt(value));
  for (let i = 0; i < bytes.length; i++, rest >>= 7n) bytes[i] = Number(rest & 0x7fn) | (i < 9 ? 0x80 : 0);
  return Buffer.concat([tag(field, VARINT), bytes]);
}

export function boolField(field: number, value: boolean): Buffer {
  return varintField(field, value ? 1 : 0);
}

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED_32), bytes]);
}

export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, FIXED_64), bytes]);
}

/** Bytes, text (as UTF-8) or a message. */
export function bytesField(field: number, value: Uint8Array | string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([tag(field, LENGTH_DELIMITED), varint(bytes.length), bytes]);
}

/** A message of parts: what comes before them, and the parts themselves. */
export function messageField(field: number, parts: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Buffer.concat([tag(field, LENGTH_DELIMITED), varint(length)]), ...parts];
}

function tag(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${value} is no whole number from 0 to 2^53 - 1`);
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
