import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeImage, type DecodedImage } from '../../../datasets/images/decode';
import { readPictureHeader } from '../../../datasets/images/picture-header';
import { sharedPath, describeShared } from '../../shared';

type Pixel = readonly [x: number, y: number, rgb: readonly number[]];

/** What PIL makes of a picture. */
interface OddPicture {
  readonly file: string;
  readonly format: string;
  readonly exif_orientation: number;
  readonly stored_size: readonly [number, number];
  readonly shown_size: readonly [number, number];
  readonly pixels_stored: readonly Pixel[];
  readonly pixels_shown: readonly Pixel[];
  readonly mean_rgb_shown: readonly number[];
}

const size = ([width, height]: readonly [number, number]) => ({ width, height });
const folder = sharedPath('data/odd-pictures');

/** From what PIL has, of all colors of the pixels. */
function largestDifference({ pixels, size: { width } }: DecodedImage, expected: readonly Pixel[]): number {
  return Math.max(
    ...expected.flatMap(([x, y, rgb]) =>
      rgb.map((color, c) => Math.abs(pixels[3 * (y * width + x) + c] - color)),
    ),
  );
}

function meanColor(pixels: Uint8Array): number[] {
  const sums = [0, 0, 0];
  pixels.forEach((value, i) => (sums[i % 3] += value));
  return sums.map((sum) => (3 * sum) / pixels.length);
}

describeShared('odd pictures', () => {
  test('decode as in PIL, as stored and as shown', async () => {
    const { pictures } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
      pictures: OddPicture[];
    };
    expect(pictures).toHaveLength(26);
    for (const picture of pictures) {
      const file = path.join(folder, 'images', picture.file);
      expect(await readPictureHeader(file)).toEqual({
        stored: size(picture.stored_size),
        orientation: picture.exif_orientation,
        shown: size(picture.shown_size),
        is16Bit: picture.file.includes('16bit'),
      });
      // Decoders of AVIF differ in their last digits.
      const most = picture.format === 'AVIF' ? 2 : 0;
      const stored = await decodeImage(file, { expectedSize: size(picture.stored_size) });
      expect(largestDifference(stored, picture.pixels_stored)).toBeLessThanOrEqual(most);
      const shown = await decodeImage(file, { upright: true, expectedSize: size(picture.shown_size) });
      expect(largestDifference(shown, picture.pixels_shown)).toBeLessThanOrEqual(most);
      meanColor(shown.pixels).forEach((color, c) => {
        expect(Math.abs(color - picture.mean_rgb_shown[c])).toBeLessThan(most === 0 ? 0.006 : 0.1);
      });
    }
  });
});
