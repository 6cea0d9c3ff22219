import { readFileSync } from 'node:fs';
import { maskedCrc32c } from '../../detection/engine/writers/tensorboard/crc32c';

/** What an event file holds. */
export interface EventSteps {
  /** Steps with a scalar of the tag that was asked for, in the order in which they were written. */
  readonly steps: number[];
  /** Undefined where each record is whole; the last one may be cut off, by a process that was killed. */
  readonly problem: string | undefined;
}

/** Length and its checksum before a record's data, and the data's checksum behind. */
const [HEADER, FOOTER] = [12, 4];

/** Reads a TensorBoard event file as TensorFlow does, checksums included, up to where it is no longer whole. */
export function readEventSteps(file: string, tag: string): EventSteps {
  const bytes = readFileSync(file);
  const steps: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    const length = rest.length < HEADER ? Infinity : Number(rest.readBigUInt64LE());
    if (HEADER + length + FOOTER > rest.length) break;
    const data = rest.subarray(HEADER, HEADER + length);
    const isWhole =
      rest.readUInt32LE(8) === maskedCrc32c(rest.subarray(0, 8)) &&
      rest.readUInt32LE(HEADER + length) === maskedCrc32c(data);
    if (!isWhole) return { steps, problem: `the record at byte ${at} is damaged` };
    const step = stepWithTag(data, tag);
    if (step !== undefined) steps.push(step);
    at += HEADER + length + FOOTER;
  }
  return { steps, problem: undefined };
}

/** tensorflow.Event: step is field 2, summary field 5; its values are field 1, of which field 1 is the tag. */
function stepWithTag(event: Buffer, tag: string): number | undefined {
  const fields = readFields(event);
  const summary = fields.get(5)?.[0];
  const values = Buffer.isBuffer(summary) ? (readFields(summary).get(1) ?? []) : [];
  const has = values.some((value) => Buffer.isBuffer(value) && String(readFields(value).get(1)?.[0]) === tag);
  return has ? Number(fields.get(2)?.[0] ?? 0) : undefined;
}

/** The varints and the bytes of a protocol buffers message, by the number of their field. */
function readFields(message: Buffer): Map<number, (number | Buffer)[]> {
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
