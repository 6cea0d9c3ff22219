import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeImage } from '../../../../datasets/images/decode';

const { pictures } = JSON.parse(
  readFileSync(path.join(__dirname, 'fixtures', 'plain-pictures.json'), 'utf8'),
) as { pictures: { name: string; file: string; size: [number, number]; rgb: string }[] };

test.each(pictures)('$name decodes as in PIL', async ({ file, size: [width, height], rgb }) => {
  const decoded = await decodeImage(Buffer.from(file, 'base64'), { upright: true });
  expect(decoded.size).toEqual({ width, height });
  expect([...decoded.pixels]).toEqual([...Buffer.from(rgb, 'base64')]);
});

/** A picture of the fixtures, changed. */
function changed(name: string, change: (bytes: Buffer) => Buffer | void): Buffer {
  const bytes = Buffer.from(pictures.find((picture) => picture.name === name)!.file, 'base64');
  return change(bytes) ?? bytes;
}

const cut =
  (share: number) =>
  (bytes: Buffer): Buffer =>
    bytes.subarray(0, Math.floor(bytes.length * share));

test.each([
  ['cut off in its pixels', 'bmp 24 bit', cut(0.9), /its end is missing/],
  ['cut off in its run lengths', 'bmp run lengths, 8 bit', cut(0.98), /its end is missing/],
  ['cut off in its palette', 'bmp 8 bit', cut(0.3), /its palette is incomplete/],
  [
    'cut off in its header',
    'bmp 24 bit',
    (bytes: Buffer) => bytes.subarray(0, 20),
    /its header is incomplete/,
  ],
  ['without pixels', 'bmp 24 bit', (bytes: Buffer) => void bytes.writeInt32LE(0, 18), /it has no pixels/],
  [
    'whose pixels begin too early',
    'bmp 24 bit',
    (bytes: Buffer) => void bytes.writeUInt32LE(9, 10),
    /within its header/,
  ],
  ['cut off in its bytes', 'ppm saved by PIL', cut(0.9), /its end is missing/],
  ['cut off in its digits', 'ppm as text', cut(0.5), /its end is missing/],
  [
    'cut off in its header',
    'pgm saved by PIL',
    (bytes: Buffer) => bytes.subarray(0, 5),
    /its end is missing/,
  ],
  ['with words', 'pgm as text', () => Buffer.from('P2 2 1 9 a b'), /something other than numbers/],
  ['without pixels', 'pgm as text', () => Buffer.from('P2 0 1 9 '), /it has no pixels/],
  ['whose largest value is 0', 'pgm as text', () => Buffer.from('P2 1 1 0 0'), /its largest value is 0/],
])('one %s is refused: %s', async (_, name, change, message) => {
  await expect(decodeImage(changed(name, change))).rejects.toMatchObject({
    code: 'picture-damaged',
    message: expect.stringMatching(message) as string,
  });
});

test('a bitmap with a JPEG in it is refused', async () => {
  const bytes = changed('bmp 24 bit', (each) => void each.writeUInt32LE(4, 30));
  await expect(decodeImage(bytes)).rejects.toMatchObject({
    code: 'picture-unknown-type',
    facts: { format: 'bmp' },
  });
});

test('huge declared dimensions are refused, before memory is taken for them', async () => {
  const bitmap = changed('bmp 24 bit', (bytes) => void bytes.writeInt32LE(2 ** 30, 18));
  for (const bytes of [bitmap, Buffer.from('P6 99999 99999 255 ')]) {
    await expect(decodeImage(bytes)).rejects.toMatchObject({ code: 'picture-too-large' });
  }
});

test('another size than expected is refused', async () => {
  const bytes = changed('pgm saved by PIL', (each) => each);
  await expect(decodeImage(bytes, { expectedSize: { width: 5, height: 7 } })).rejects.toMatchObject({
    code: 'picture-size',
  });
});
