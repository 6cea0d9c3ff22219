import fc from 'fast-check';
import { BinaryFile } from '../../../weights/formats/binary-file';
import { WeightsError } from '../../../weights/formats/weights-error';
import { readZipDirectory, readZipEntry } from '../../../weights/formats/zip/zip-archive';
import { zipArchive } from '../../../weights/formats/zip/zip-writer';
import { anyDamage, damaged, temporaryFolder, unnoticedCuts } from './weight-files';
import { thrownBy } from '../../thrown';

const folder = temporaryFolder();

const zipOf = (...entries: [string, Uint8Array][]): Buffer => Buffer.concat([...zipArchive(entries)]);

function readZip(content: Uint8Array): [string, number[]][] {
  const file = BinaryFile.open(folder.write('x.zip', content));
  try {
    return [...readZipDirectory(file)].map(([name, entry]) => [name, [...readZipEntry(file, entry)]]);
  } finally {
    file.close();
  }
}

/**
 * Python 3.11: `z = zipfile.ZipFile('x.zip', 'w'); z.writestr(zipfile.ZipInfo('a/b'), b'xyz');
 * z.writestr(zipfile.ZipInfo('c'), b''); z.comment = b'hi'; z.close()`: plain records, nothing of ZIP64.
 */
const WRITTEN_BY_PYTHON =
  'UEsDBBQAAAAAAAAAIQBnuo7rAwAAAAMAAAADAAAAYS9ieHl6UEsDBBQAAAAAAAAAIQAAAAAAAAAAAAAAAAABAAAAY1BLAQIUAxQAAAAAAAAAIQBnuo7rAwAAAAMAAAADAAAAAAAAAAAAAACAAQAAAABhL2JQSwECFAMUAAAAAAAAACEAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAgAEkAAAAY1BLBQYAAAAAAgACAGAAAABDAAAAAgBoaQ==';

test('reads what Python wrote', () => {
  expect(readZip(Buffer.from(WRITTEN_BY_PYTHON, 'base64'))).toEqual([
    ['a/b', [0x78, 0x79, 0x7a]],
    ['c', []],
  ]);
});

const names = fc
  .array(
    fc.stringMatching(/^[a-z0-9é.]{1,8}$/).filter((part) => part !== '..'),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => parts.join('/'));
const archives = fc
  .array(fc.tuple(names, fc.uint8Array({ maxLength: 200 })), { maxLength: 5 })
  .map((entries) => [...new Map(entries)]);

test('gives back what was written, each at a multiple of 64 bytes', () => {
  fc.assert(
    fc.property(archives, (entries) => {
      const content = zipOf(...entries);
      expect(readZip(content)).toEqual(entries.map(([name, bytes]) => [name, [...bytes]]));
      const file = BinaryFile.open(folder.in('x.zip'));
      for (const { position } of readZipDirectory(file).values()) expect(position % 64).toBe(0);
      file.close();
    }),
    { numRuns: 200 },
  );
});

test('a damaged archive is refused, or what is read of it is what was written', () => {
  fc.assert(
    fc.property(archives, anyDamage, (entries, how) => {
      const known = new Map(entries.map(([name, bytes]) => [name, [...bytes]]));
      try {
        for (const [name, bytes] of readZip(damaged(zipOf(...entries), how))) {
          // A name may be what was damaged, in both places where it stands; or the CRC, to 0.
          if (known.has(name)) expect(bytes).toEqual(known.get(name));
        }
        expect('cutTo' in how).toBe(false);
      } catch (error) {
        if (!(error instanceof WeightsError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

describe('refuses', () => {
  const two = zipOf(['a', Buffer.from('first')], ['b', Buffer.from('second')]);
  const localB = two.indexOf('PK\x03\x04', 4, 'latin1');
  const directoryA = two.indexOf('PK\x01\x02', 0, 'latin1');
  const directoryB = two.indexOf('PK\x01\x02', directoryA + 4, 'latin1');
  const end64 = two.indexOf('PK\x06\x06', 0, 'latin1');
  const zip64 = 46 + 1 + 4;

  it.each<[string, (zip: Buffer) => void, object]>([
    [
      'compressed entries',
      (zip) => zip.writeUInt16LE(8, directoryA + 10),
      { code: 'zip-compressed', entry: 'a' },
    ],
    [
      'encrypted entries',
      (zip) => zip.writeUInt16LE(1, directoryA + 8),
      { code: 'zip-encrypted', entry: 'a' },
    ],
    ['wrong data', (zip) => zip.write('F', zip.indexOf('first')), { code: 'zip-checksum', entry: 'a' }],
    [
      'two of a name',
      (zip) => (zip.write('a', localB + 30), zip.write('a', directoryB + 46)),
      { code: 'zip-duplicate', entry: 'a' },
    ],
    [
      'data beyond the directory',
      (zip) => [0, 8].forEach((k) => zip.writeBigUInt64LE(10_000n, directoryB + zip64 + k)),
      { code: 'zip-entry-end', entry: 'b' },
    ],
    [
      'sizes that contradict each other',
      (zip) => zip.writeBigUInt64LE(6n, directoryA + zip64),
      { code: 'zip-stored-size', entry: 'a', facts: { storedSize: 5, size: 6 } },
    ],
    [
      'sizes beyond all measure',
      (zip) => [0, 8].forEach((k) => zip.writeBigUInt64LE(2n ** 64n - 1n, directoryA + zip64 + k)),
      { code: 'zip-entry-end', entry: 'a' },
    ],
    [
      'an entry that is elsewhere',
      (zip) => zip.writeBigUInt64LE(1n, directoryB + zip64 + 16),
      { code: 'zip-entry-place', entry: 'b' },
    ],
    [
      'an entry beyond the directory',
      (zip) => zip.writeBigUInt64LE(2n ** 63n, directoryB + zip64 + 16),
      { code: 'zip-entry-place', entry: 'b' },
    ],
    [
      'another name in the entry',
      (zip) => zip.write('c', localB + 30),
      { code: 'zip-entry-place', entry: 'b' },
    ],
    [
      'a missing ZIP64 record',
      (zip) => zip.writeUInt16LE(2, directoryA + 47),
      { code: 'zip-no-zip64', entry: 'a' },
    ],
    [
      'a directory that is elsewhere',
      (zip) => zip.writeBigUInt64LE(1n, end64 + 48),
      { code: 'zip-directory-place' },
    ],
    [
      'more entries than there are',
      (zip) => zip.writeBigUInt64LE(3n, end64 + 32),
      { code: 'zip-directory-entry', facts: { number: 3, count: 3 } },
    ],
    [
      'fewer entries than there are',
      (zip) => zip.writeBigUInt64LE(1n, end64 + 32),
      { code: 'zip-directory-length' },
    ],
    [
      'entries beyond all measure',
      (zip) => zip.writeBigUInt64LE(2n ** 40n, end64 + 32),
      { code: 'zip-directory-size', facts: { count: 2 ** 40 } },
    ],
    ['a part of several', (zip) => zip.writeUInt16LE(1, zip.length - 18), { code: 'zip-divided' }],
  ])('%s', (_, change, fault) => {
    const zip = Buffer.from(two);
    change(zip);
    const error = thrownBy(() => readZip(zip));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject(fault);
  });

  it('entries that share bytes', () => {
    // The directory of `two` with the second entry's record moved to the first: names differ, so look into one header.
    const inner = zipOf(['b', Buffer.from('second')]);
    const outer = zipOf(['a', inner], ['b', Buffer.from('second')]);
    const header = outer.lastIndexOf('PK\x01\x02', undefined, 'latin1');
    const innerAt = outer.indexOf('PK\x03\x04', 4, 'latin1');
    outer.writeBigUInt64LE(BigInt(innerAt), header + zip64 + 16);
    expect(thrownBy(() => readZip(outer))).toMatchObject({
      code: 'zip-overlap',
      entry: 'b',
      facts: { other: 'a' },
    });
  });

  it.each(['../evil', 'a/../../b', '/etc/passwd', 'a//b', 'a\\b', 'a\0b', ''])('the name %j', (name) => {
    const error = thrownBy(() => readZip(zipOf([name, Buffer.from('x')])));
    expect(error).toMatchObject({ code: 'zip-entry-name', entry: name });
  });

  it('an archive cut short, anywhere', () => {
    expect(unnoticedCuts(two, readZip)).toEqual([]);
    expect(thrownBy(() => readZip(two.subarray(0, 100)))).toMatchObject({ code: 'zip-cut' });
  });
});
