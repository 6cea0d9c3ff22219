import sharp from 'sharp';
import { decodeImage, decodeShrunk } from '../../../datasets/images/decode';

/** A picture whose red goes from left to right and green from top to bottom. */
async function gradient(width: number, height: number): Promise<Buffer> {
  const pixels = new Uint8Array(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    pixels[3 * at] = Math.round((255 * (at % width)) / width);
    pixels[3 * at + 1] = Math.round((255 * Math.floor(at / width)) / height);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 100 })
    .toBuffer();
}

test('a picture is scaled down by a whole number, to at least the side that is asked for', async () => {
  const { pixels, size } = await decodeShrunk(await gradient(150, 97), 'x.jpg', 24);
  expect(size).toEqual({ width: 38, height: 24 });
  const at = (x: number, y: number): number[] =>
    Array.from(pixels.slice(3 * (y * 38 + x), 3 * (y * 38 + x) + 2));
  for (const [x, y] of [
    [10, 6],
    [30, 20],
  ]) {
    // prettier-ignore
    const [red, green] = at(x, y);
    expect(Math.abs(red - (255 * (x + 0.5)) / 38)).toBeLessThan(4);
    expect(Math.abs(green - (255 * (y + 0.5)) / 24)).toBeLessThan(4);
  }
});

test('a picture that is not twice as large is decoded as it is', async () => {
  const bytes = await gradient(60, 47);
  expect(await decodeShrunk(bytes, 'x.jpg', 24)).toEqual(await decodeImage(bytes));
});

test('what is no picture is told by its name', async () => {
  await expect(decodeShrunk(Buffer.from('text'), 'x.jpg', 24)).rejects.toThrow(/^x\.jpg: /);
});
