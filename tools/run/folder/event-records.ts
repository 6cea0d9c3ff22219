import { maskedCrc32c } from '../../../detection/engine/writers/tensorboard/crc32c';

/** Length and its checksum before a record's data, and the data's checksum behind. */
const [HEADER, FOOTER] = [12, 4];

/** What bytes of a TensorBoard event file hold. */
export interface EventRecords {
  /** The data of each record: a message of type tensorflow.Event. */
  readonly records: readonly Buffer[];
  /** Where the last whole record ends. What is behind it is not all there yet, or was cut off, by a process that was killed. */
  readonly end: number;
  /** Where a record begins that is damaged: nothing behind it can be read. */
  readonly damagedAt?: number;
}

/** Reads records as TensorFlow does, checksums included, up to where they are no longer whole. */
export function readEventRecords(bytes: Buffer): EventRecords {
  const records: Buffer[] = [];
  let end = 0;
  while (end < bytes.length) {
    const rest = bytes.subarray(end);
    const length = rest.length < HEADER ? Infinity : Number(rest.readBigUInt64LE());
    if (HEADER + length + FOOTER > rest.length) break;
    const data = rest.subarray(HEADER, HEADER + length);
    const isWhole =
      rest.readUInt32LE(8) === maskedCrc32c(rest.subarray(0, 8)) &&
      rest.readUInt32LE(HEADER + length) === maskedCrc32c(data);
    if (!isWhole) return { records, end, damagedAt: end };
    records.push(data);
    end += HEADER + length + FOOTER;
  }
  return { records, end };
}

/** The values of an event: its step is field 2, its summary field 5, of which the values are field 1; of these the tag is field 1. */
export function eventValues(event: Buffer): { step: number; values: Map<string, MessageFields> } {
  const fields = readFields(event);
  const summary = fields.get(5)?.[0];
  const values = Buffer.isBuffer(summary) ? (readFields(summary).get(1) ?? []) : [];
  const byTag = values.flatMap((value): [string, MessageFields][] => {
    if (!Buffer.isBuffer(value)) return [];
    const ofValue = readFields(value);
    return [[String(ofValue.get(1)?.[0]), ofValue]];
  });
  return { step: Number(fields.get(2)?.[0] ?? 0), values: new Map(byTag) };
}

/** Numbers, and bytes, by the number of their field. */
export type MessageFields = ReadonlyMap<number, readonly (number | Buffer)[]>;

/** The varints and the bytes of a protocol buffers message, by the number of their field. */
export function readFields(message: Buffer): MessageFields {
  const fields = new Map<number, (number | Buffer)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const [number, wireType] = [Math.floor(key / 8), key % 8];
    let value: number | Buffer | undefined;
    if (wireType === 0) value = varint();
    else {
      const length = wireType === 2 ? varint() : wireType === 1 ? 8 : 4;
      if (wireType === 2) value = message.subarray(at, at + length);
      at += length;
    }
    if (value !== undefined) fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}
