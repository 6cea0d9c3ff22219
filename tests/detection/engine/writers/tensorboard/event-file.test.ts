import fs, { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { maskedCrc32c } from '../../../../../detection/engine/writers/tensorboard/crc32c';
import { EventFile, eventFiles, frame } from '../../../../../detection/engine/writers/tensorboard/event-file';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'event-file-'))));
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** The records of a file as TensorFlow reads them: up to the first that is not whole. */
function readRecords(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at + 16 <= file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    if (maskedCrc32c(file.subarray(at, at + 8)) !== file.readUInt32LE(at + 8)) throw new Error('length');
    if (at + 16 + length > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    if (maskedCrc32c(data) !== file.readUInt32LE(at + 12 + length)) throw new Error('data');
    records.push(data);
    at += 16 + length;
  }
  return records;
}

const onlyFile = (): Buffer => readFileSync(path.join(folder, eventFiles(folder)[0]));

describe('frame', () => {
  it('is read back, record by record, and half a record at the end is left out', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.nat(), (records, cut) => {
        const buffers = records.map((data) => Buffer.from(data));
        const file = Buffer.concat(buffers.map(frame));
        expect(readRecords(file)).toEqual(buffers);
        const whole = readRecords(file.subarray(0, cut % (file.length + 1)));
        expect(whole).toEqual(buffers.slice(0, whole.length));
      }),
    );
  });
});

describe('EventFile', () => {
  it('has what was appended before anybody closes it', () => {
    const file = new EventFile(folder);
    file.append(Buffer.from('first'));
    file.append(Buffer.from('second'));
    expect(readRecords(onlyFile()).map(String)).toEqual(['first', 'second']);
    file.close();
  });

  it('comes after all that are there, also in the same second and when the clock has been set back', () => {
    const later = 'events.out.tfevents.4000000000.elsewhere.1';
    writeFileSync(path.join(folder, later), '');
    writeFileSync(path.join(folder, 'metrics.jsonl'), '');
    for (let k = 0; k < 3; k++) new EventFile(folder).close();
    const names = readdirSync(folder).sort().slice(0, -1);
    expect(names).toHaveLength(4);
    expect(names[0]).toBe(later);
    expect(names.slice(1).map((name) => name.split('.')[3])).toEqual([
      '4000000001',
      '4000000002',
      '4000000003',
    ]);
    expect(eventFiles(folder).sort()).toEqual(names);
  });

  it('ends after a whole record where the disk was full, and goes on when it is not', () => {
    const file = new EventFile(folder);
    file.append(Buffer.from('before'));
    const write = fs.writeFileSync;
    jest.spyOn(fs, 'writeFileSync').mockImplementationOnce((descriptor, data) => {
      write(descriptor, (data as Buffer).subarray(0, 9));
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    expect(() => file.append(Buffer.from('lost'))).toThrow('no space left');
    file.append(Buffer.from('after'));
    file.close();
    expect(readRecords(onlyFile()).map(String)).toEqual(['before', 'after']);
  });
});
