import files, { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { InputError } from '../../../detection/errors';
import { decodeImage, ImageError } from '../../../datasets/images/decode';
import { readPictureHeader } from '../../../datasets/images/picture-header';
import { describeShared, sharedPath } from '../../shared';
import { rejectionOf } from '../../thrown';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'decode-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array | string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, bytes);
  return file;
}

const size = { height: 5, width: 7 };
const count = size.height * size.width;
/** A value for each pixel and channel that covers the range without pattern. */
const value = (pixel: number, channel: number, limit: number): number =>
  (pixel * 7919 + channel * 104729 + 13) % limit;

/** A chunk of a PNG file; the checksum is right unless `damage` says otherwise. */
function chunk(type: string, data: Uint8Array, damage = 0): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE((crc32(out.subarray(4, data.length + 8)) ^ damage) >>> 0, data.length + 8);
  return out;
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A PNG written by hand, so that nothing has touched its samples; `rows` each begin with their filter, 0. */
function handMadePng(
  width: number,
  height: number,
  depth: number,
  colorType: number,
  rows: Uint8Array,
  damage = 0,
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows), damage),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** An uncompressed CMYK TIFF of one row. */
function cmykTiff(inks: readonly number[][]): Buffer {
  const entries: [tag: number, type: 3 | 4, count: number, value: number][] = [
    [256, 3, 1, inks.length],
    [257, 3, 1, 1],
    [258, 3, 4, 134],
    [259, 3, 1, 1],
    [262, 3, 1, 5],
    [273, 4, 1, 142],
    [277, 3, 1, 4],
    [278, 3, 1, 1],
    [279, 4, 1, inks.length * 4],
    [284, 3, 1, 1],
  ];
  const out = Buffer.alloc(142 + inks.length * 4);
  out.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, entries.length, 0]);
  entries.forEach(([tag, type, n, v], i) => {
    const at = 10 + 12 * i;
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(type, at + 2);
    out.writeUInt32LE(n, at + 4);
    out.writeUInt32LE(v, at + 8);
  });
  for (let i = 0; i < 4; i++) out.writeUInt16LE(8, 134 + 2 * i);
  out.set(inks.flat(), 142);
  return out;
}

describe('decodes to the bytes that PIL convert("RGB") gives', () => {
  // Color types of PNG: 0 gray, 2 RGB, 4 gray and alpha, 6 RGBA.
  test.each([
    ['gray', 0, 1],
    ['color', 2, 3],
    ['gray with alpha, which is dropped and not blended', 4, 2],
    ['color with alpha', 6, 4],
  ])('%s, of 8 bits and the high byte of 16', async (_, colorType, channels) => {
    const gray = channels < 3;
    for (const bytesEach of [1, 2]) {
      const rowLength = 1 + size.width * channels * bytesEach;
      const rows = Buffer.alloc(size.height * rowLength);
      const expected: number[] = [];
      for (let i = 0; i < count; i++) {
        const at = Math.floor(i / size.width) * rowLength + 1 + (i % size.width) * channels * bytesEach;
        for (let c = 0; c < channels; c++) {
          const sample = value(i, c, 256 ** bytesEach);
          rows.writeUIntBE(sample, at + c * bytesEach, bytesEach);
        }
        for (let c = 0; c < 3; c++)
          expected.push(value(i, gray ? 0 : c, 256 ** bytesEach) >> (8 * (bytesEach - 1)));
      }
      const bytes = handMadePng(size.width, size.height, 8 * bytesEach, colorType, rows);
      const image = await decodeImage(await write('samples.png', bytes), { expectedSize: size });
      expect(image.size).toEqual(size);
      expect([...image.pixels]).toEqual(expected);
    }
  });

  test('a palette, also with a transparent color', async () => {
    const colors = [255, 0, 0, 255, 0, 255, 0, 255, 9, 8, 7, 0];
    const data = Buffer.from(
      Array.from({ length: count }, (_, i) => colors.slice((i % 3) * 4, (i % 3) * 4 + 4)).flat(),
    );
    const bytes = await sharp(data, { raw: { ...size, channels: 4 } })
      .png({ palette: true, dither: 0, effort: 1 })
      .toBuffer();
    const opaque = await sharp(
      data.map((v, i) => (i % 4 === 3 ? 255 : v)),
      { raw: { ...size, channels: 4 } },
    )
      .png({ palette: true, dither: 0 })
      .toBuffer();
    const expected = [...data].filter((_, i) => i % 4 < 3);
    expect([...(await decodeImage(await write('opaque.png', opaque))).pixels]).toEqual(expected);
    const pixels = [...(await decodeImage(await write('palette.png', bytes))).pixels];
    // The writer may give a fully transparent entry any color; the opaque ones must be exact.
    const visible = (_: number, i: number): boolean => Math.floor(i / 3) % 3 < 2;
    expect(pixels.filter(visible)).toEqual(expected.filter(visible));
  });

  test('CMYK by its formula, not by a color profile', async () => {
    const file = await write(
      'cmyk.tif',
      cmykTiff([
        [0, 0, 0, 0],
        [255, 0, 0, 0],
        [100, 50, 0, 30],
        [9, 9, 9, 255],
      ]),
    );
    expect([...(await decodeImage(file)).pixels]).toEqual([
      255, 255, 255, 0, 255, 255, 137, 181, 225, 0, 0, 0,
    ]);
  });

  test('EXIF orientation is ignored unless it is asked for', async () => {
    const rgb = Array.from({ length: count * 3 }, (_, i) => value(i, 0, 256));
    const raw = { raw: { ...size, channels: 3 } } as const;
    const bytes = await sharp(Buffer.from(rgb), raw)
      .withMetadata({ orientation: 6 })
      .webp({ lossless: true })
      .toBuffer();
    const image = await decodeImage(await write('turned.webp', bytes), { expectedSize: size });
    expect([...image.pixels]).toEqual(rgb);
  });

  test('one pixel', async () => {
    const file = await write('one.png', handMadePng(1, 1, 8, 2, Uint8Array.of(0, 3, 200, 77)));
    expect(await decodeImage(file)).toEqual({
      pixels: Buffer.from([3, 200, 77]),
      size: { height: 1, width: 1 },
    });
  });
});

describeShared('JPEG', () => {
  // PIL 12 with libjpeg-turbo: the sum of all bytes, and one pixel.
  test.each([
    ['BloodImage_00000.jpg', 167432379, [133, 124, 213]],
    ['BloodImage_00017.jpg', 169998359, [208, 210, 209]],
  ])('%s decodes as in PIL', async (name, sum, pixel) => {
    const { pixels } = await decodeImage(sharedPath(`data/bccd/images/${name}`), {
      expectedSize: { height: 480, width: 640 },
    });
    expect(pixels.reduce((total, byte) => total + byte, 0)).toBe(sum);
    expect([...pixels.subarray((240 * 640 + 320) * 3, (240 * 640 + 321) * 3)]).toEqual(pixel);
  });
});

test('the bytes of a file give what the file gives, wherever in memory they lie', async () => {
  const file = await write('bytes.png', handMadePng(2, 1, 8, 2, Uint8Array.of(0, 1, 2, 3, 4, 5, 6)));
  const expected = await decodeImage(file);
  const bytes = await files.readFile(file);
  const larger = new Uint8Array(bytes.length + 7);
  larger.set(bytes, 3);
  const part = larger.subarray(3, 3 + bytes.length);
  expect(await decodeImage(part, { expectedSize: { width: 2, height: 1 } })).toEqual(expected);
  await expect(decodeImage(part, { expectedSize: { width: 1, height: 2 } })).rejects.toMatchObject({
    file: 'a picture in memory',
    code: 'picture-size',
  });
  await expect(decodeImage(new Uint8Array(0))).rejects.toMatchObject({ code: 'picture-empty' });
  await expect(decodeImage(part.subarray(0, 40))).rejects.toThrow(ImageError);
});

describe('refuses', () => {
  const jpeg = (): Promise<Buffer> =>
    sharp({
      create: {
        width: 64,
        height: 48,
        channels: 3,
        background: '#a53',
        noise: { type: 'gaussian', sigma: 30 },
      },
    })
      .jpeg()
      .toBuffer();

  async function refusal(file: string, expected?: { height: number; width: number }): Promise<ImageError> {
    const error = await rejectionOf(decodeImage(file, { expectedSize: expected }));
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toBeInstanceOf(InputError);
    expect((error as ImageError).file).toBe(file);
    expect((error as ImageError).message).toBe(`${file}: ${(error as ImageError).reason}`);
    return error as ImageError;
  }

  test.each([0.3, 0.7, 0.99])('a JPEG of which only %d is there', async (share) => {
    const bytes = await jpeg();
    const file = await write('truncated.jpg', bytes.subarray(0, Math.floor(bytes.length * share)));
    expect((await refusal(file)).code).toBe('picture-damaged');
  });

  test('a JPEG whose rest is zeros, with a whole preview in its header', async () => {
    const bytes = await sharp(await jpeg())
      .resize(640, 480)
      .jpeg({ quality: 95 })
      .toBuffer();
    const preview = await jpeg();
    const header = Buffer.of(0xff, 0xd8, 0xff, 0xe1, (preview.length + 2) >> 8, (preview.length + 2) & 255);
    const withPreview = Buffer.concat([header, preview, bytes.subarray(2)]);
    await expect(decodeImage(await write('preview.jpg', withPreview))).resolves.toBeDefined();
    for (const [name, content] of Object.entries({ bytes, withPreview })) {
      const zeroed = Buffer.from(content).fill(0, Math.floor(content.length / 2));
      expect((await refusal(await write(`${name}.jpg`, zeroed))).code).toBe('picture-damaged');
    }
  });

  test('a PNG with a wrong checksum, or cut short', async () => {
    const rows = new Uint8Array(48 * (1 + 64 * 3)).map((_, i) => (i % 193 === 0 ? 0 : i % 251));
    const good = handMadePng(64, 48, 8, 2, rows);
    await expect(decodeImage(await write('good.png', good))).resolves.toBeDefined();
    const wrong = await write('crc.png', handMadePng(64, 48, 8, 2, rows, 1));
    expect((await refusal(wrong)).code).toBe('picture-damaged');
    const half = good.subarray(0, Math.floor(good.length / 2));
    expect((await refusal(await write('half.png', half))).code).toBe('picture-damaged');
  });

  test('what is no picture', async () => {
    expect((await refusal(await write('empty.jpg', ''))).code).toBe('picture-empty');
    const text = await write('text.jpg', 'some words\n'.repeat(50));
    expect((await refusal(text)).code).toBe('picture-unknown-type');
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    expect(await refusal(await write('drawing.jpg', svg))).toMatchObject({
      code: 'picture-unknown-type',
      facts: { format: 'svg' },
    });
    expect((await refusal(folder)).code).toBe('picture-no-file');
    expect((await refusal(join(folder, 'missing.jpg'))).code).toBe('picture-missing');
  });

  test('huge declared dimensions, before memory is taken for them', async () => {
    const file = await write('bomb.png', handMadePng(60000, 60000, 8, 2, new Uint8Array(1000)));
    expect(await refusal(file)).toMatchObject({
      code: 'picture-too-large',
      facts: { maxPixels: 178_956_970 },
    });
  });

  test('as much of it as a header tells, without decoding', async () => {
    const stored = { height: 48, width: 64 };
    const bytes = await jpeg();
    const good = await write('header.jpg', bytes);
    const header = { stored, orientation: 1, shown: stored, is16Bit: false };
    expect(await readPictureHeader(good)).toEqual(header);
    expect(await readPictureHeader(await write('photo[1]', bytes))).toEqual(header);
    // Damage behind the header is for decodeImage to find.
    expect(await readPictureHeader(await write('cut.jpg', bytes.subarray(0, -300)))).toEqual(header);
    const bomb = handMadePng(60000, 60000, 8, 2, new Uint8Array(1000));
    const faults: [string, string][] = [
      [join(folder, 'missing.jpg'), 'picture-missing'],
      [folder, 'picture-no-file'],
      ['/dev/zero', 'picture-no-file'],
      [await write('header-empty.jpg', ''), 'picture-empty'],
      [await write('header-text.jpg', 'some words\n'.repeat(50)), 'picture-unknown-type'],
      [await write('header-bomb.png', bomb), 'picture-too-large'],
    ];
    for (const [file, code] of faults) {
      await expect(readPictureHeader(file)).rejects.toMatchObject({ file, code });
      await expect(decodeImage(file)).rejects.toMatchObject({ file, code });
    }
  });

  test('another size than the annotations say', async () => {
    const file = await write('size.jpg', await jpeg());
    const expected = { height: 48, width: 63 };
    expect(await refusal(file, expected)).toMatchObject({
      code: 'picture-size',
      facts: { stored: { height: 48, width: 64 }, shown: { height: 48, width: 64 }, expected },
    });
  });
});

test('a picture is not to blame for too many open files', async () => {
  const file = await write('sound.png', handMadePng(1, 1, 8, 0, Uint8Array.of(0, 7)));
  const error = Object.assign(new Error(`EMFILE: too many open files, open '${file}'`), { code: 'EMFILE' });
  jest.spyOn(files, 'readFile').mockRejectedValue(error);
  await expect(decodeImage(file)).rejects.toBe(error);
  jest.restoreAllMocks();
  // libvips opens the file of a header for itself, and would call a sound one no picture.
  await writeFile(file, 'what libvips cannot read');
  jest.spyOn(files, 'open').mockRejectedValue(error);
  await expect(readPictureHeader(file)).rejects.toBe(error);
  jest.restoreAllMocks();
  await expect(readPictureHeader(file)).rejects.toMatchObject({
    code: 'picture-unknown-type',
  });
});
