import { closeSync, openSync, readSync } from 'node:fs';
import { InputError } from '../../detection/errors';

/** ModelProto.metadata_props. */
const METADATA = 14;
const LENGTH_DELIMITED = 2;
/** A field's tag and length have ten bytes each at most. */
const MOST_HEADER = 20;
/** Longest text of metadata that is read. */
const MOST_METADATA = 1 << 26;

/**
 * The metadata of an ONNX file, of which the rest is passed over.
 *
 * @throws InputError where it cannot be read, or is no such file.
 */
export function readOnnxMetadata(file: string): Record<string, string> {
  const metadata: Record<string, string> = {};
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    for (let at = 0; ;) {
      const header = bytesAt(descriptor, at, MOST_HEADER);
      if (header.length === 0) return metadata;
      const tag = varint(header, 0);
      const value = varint(header, tag.end);
      const [field, wireType] = [tag.value / 8, tag.value % 8];
      // The model itself has numbers and messages alone.
      if (field < 1 || (wireType !== 0 && wireType !== LENGTH_DELIMITED))
        throw new Error('it is no ONNX file');
      at += value.end;
      if (wireType !== LENGTH_DELIMITED) continue;
      if (Math.floor(field) === METADATA && value.value <= MOST_METADATA) {
        const [key, text] = entryOf(bytesAt(descriptor, at, value.value));
        metadata[key] = text;
      }
      at += value.value;
    }
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** For the user; what has gone wrong is its cause. */
export function unreadable(file: string, cause: unknown): InputError {
  const { message } = cause as Error;
  return new InputError(
    'onnx-unreadable',
    `${file}: cannot be read as ONNX: ${message}`,
    { file },
    { cause },
  );
}

/** Key and value: fields 1 and 2 of a StringStringEntryProto. */
function entryOf(message: Buffer): [key: string, value: string] {
  const texts = ['', ''];
  for (let at = 0; at < message.length;) {
    const tag = varint(message, at);
    const length = varint(message, tag.end);
    const end = length.end + length.value;
    const field = Math.floor(tag.value / 8);
    if (field === 1 || field === 2) texts[field - 1] = message.toString('utf8', length.end, end);
    at = end;
  }
  return [texts[0], texts[1]];
}

function bytesAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, length, position));
}

function varint(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let end = start, factor = 1; end < bytes.length; end++, factor *= 0x80) {
    value += (bytes[end] & 0x7f) * factor;
    if (bytes[end] < 0x80) return { value, end: end + 1 };
  }
  throw new Error('it ends too early');
}
