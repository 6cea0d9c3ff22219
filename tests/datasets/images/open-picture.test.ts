import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { cropImage } from '../../../datasets/images/crop-image';
import { decodeImage } from '../../../datasets/images/decode';
import { LargePicture, openPicture, type PicturePart } from '../../../datasets/images/open-picture';
import { tileGrid } from '../../../datasets/inference/tile-grid';
import { RandomStream } from '../../../detection/nn/random';
import { rejectionOf } from '../../thrown';

const STORED = { width: 50, height: 34 };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'open-picture-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function noise(channels: 3 | 4 = 3): sharp.Sharp {
  const random = new RandomStream(1, 'noise');
  const bytes = Uint8Array.from({ length: STORED.width * STORED.height * channels }, () =>
    random.integer(256),
  );
  return sharp(bytes, { raw: { ...STORED, channels } });
}

async function openLarge(...given: Parameters<typeof openPicture>): Promise<LargePicture> {
  const opened = await openPicture(...given);
  if (!(opened instanceof LargePicture)) throw new Error('The picture is not large.');
  return opened;
}

async function partsOf(
  picture: LargePicture,
  size: number,
): Promise<[PicturePart[], ReturnType<typeof tileGrid>]> {
  const windows = tileGrid(picture.size, { size, overlap: 0.2 });
  const parts: PicturePart[] = [];
  for await (const part of picture.parts(windows)) parts.push(part);
  return [parts.sort((a, b) => a.index - b.index), windows];
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'parts of a picture of orientation %i, read band by band, are those of the whole, as stored and upright',
  async (orientation) => {
    const file = path.join(folder, `turned-${orientation}.png`);
    await noise().withMetadata({ orientation }).png().toFile(file);
    for (const upright of [false, true]) {
      const whole = await decodeImage(file, { upright });
      // A row of parts at a time, and some of them.
      for (const bandBytes of [1, 3 * 50 * 20]) {
        const picture = await openLarge(file, { upright }, bandBytes);
        expect(picture.size).toEqual(whole.size);
        const [parts, windows] = await partsOf(picture, 16);
        expect(parts).toHaveLength(windows.length);
        for (const { index, image } of parts) {
          const { pixels, size } = cropImage(whole, windows[index]);
          expect(image.size).toEqual(size);
          expect(Buffer.compare(Buffer.from(image.pixels), Buffer.from(pixels))).toBe(0);
        }
      }
      expect(await openPicture(file, { upright }, 3 * 50 * 34)).toEqual(whole);
    }
  },
);

test('ink, transparency and tiled files are read in parts as they are as a whole', async () => {
  const encoded = [
    noise().toColourspace('cmyk').jpeg(),
    noise(4).png(),
    noise().tiff({ tile: true, tileWidth: 16, tileHeight: 16, compression: 'lzw' }),
  ];
  for (const encoding of encoded) {
    const bytes = await encoding.toBuffer();
    const whole = await decodeImage(bytes);
    const [parts, windows] = await partsOf(await openLarge(bytes, {}, 1), 20);
    for (const { index, image } of parts) {
      expect(new Uint8Array(image.pixels)).toEqual(new Uint8Array(cropImage(whole, windows[index]).pixels));
    }
  }
});

test('what its decoder holds in memory anyway is decoded as a whole', async () => {
  const bitmap = Buffer.from('P6 2 1 255\n123456');
  for (const bytes of [
    await noise().jpeg({ progressive: true }).toBuffer(),
    await noise().png({ progressive: true }).toBuffer(),
    bitmap,
  ]) {
    expect(await openPicture(bytes, {}, 1)).toEqual(await decodeImage(bytes));
  }
});

test('a reduced picture is upright, and shows the picture', async () => {
  // The left half is white; turned by 90 degrees clockwise it is the upper one.
  const bytes = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'black' } })
    .composite([
      { input: { create: { width: 20, height: 20, channels: 3, background: 'white' } }, left: 0, top: 0 },
    ])
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const picture = await openLarge(bytes, { upright: true }, 1);
  const { size, pixels } = await picture.resized({ width: 5, height: 10 });
  expect(size).toEqual({ width: 5, height: 10 });
  const red = (x: number, y: number): number => pixels[3 * (y * 5 + x)];
  for (const x of [0, 4]) expect([red(x, 0), red(x, 9)]).toEqual([255, 0]);
});

test('what is no picture, too large, of another size, or damaged is refused', async () => {
  const bytes = await noise().png().toBuffer();
  const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
    ((await rejectionOf(promise)) as { code?: string }).code;
  expect(await codeOf(openPicture(path.join(folder, 'gone.png')))).toBe('picture-missing');
  expect(await codeOf(openPicture(new Uint8Array(0)))).toBe('picture-empty');
  expect(await codeOf(openPicture(Uint8Array.of(1, 2, 3)))).toBe('picture-unknown-type');
  expect(await codeOf(openPicture(bytes, { expectedSize: { width: 34, height: 50 } }))).toBe('picture-size');
  const error = await rejectionOf(openPicture(bytes, { maxPixels: 1000 }));
  expect(error).toMatchObject({ code: 'picture-too-large', facts: { maxPixels: 1000 } });
  const cut = await openLarge(bytes.subarray(0, bytes.length / 2), {}, 1);
  expect(await codeOf(partsOf(cut, 20))).toBe('picture-damaged');
  expect(await codeOf(cut.resized({ width: 5, height: 5 }))).toBe('picture-damaged');
});
