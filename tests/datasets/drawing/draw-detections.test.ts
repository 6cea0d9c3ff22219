import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { drawBoxes } from '../../../datasets/drawing/draw-detections';
import { InputError } from '../../../detection/errors';

const GREY = 90;
const image = { pixels: new Uint8Array(160 * 120 * 3).fill(GREY), size: { width: 160, height: 120 } };
const box = { box: [40, 50, 120, 100], label: 'cat', score: 0.5, colour: '#00d084' } as const;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'drawing-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function pixelsOf(encoded: Buffer): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 160, height: 120, channels: 3 });
  return (x, y) => [...data.subarray((y * 160 + x) * 3, (y * 160 + x) * 3 + 3)];
}

test('colours the edges of the box and its label, and nothing else', async () => {
  const at = await pixelsOf(await drawBoxes(image, [box], null));
  const green = [0x00, 0xd0, 0x84];
  for (const [x, y] of [
    [80, 49], // above, left, below, right: lines are centred on the box's edges
    [39, 75],
    [80, 100],
    [120, 75],
  ]) {
    const [red, , blue] = at(x, y);
    expect(red).toBeLessThan(GREY - 20);
    expect(at(x, y)[1]).toBeGreaterThan(GREY + 20);
    expect(blue).toBeGreaterThan(GREY + 5);
  }
  expect(at(60, 48)).toEqual(green); // the label's ground, below the letters
  const label = Array.from({ length: 40 * 9 }, (_, i) => at(41 + (i % 40), 39 + Math.floor(i / 40)));
  expect(label.some((pixel) => Math.max(...pixel) < 60)).toBe(true); // black letters
  for (const [x, y] of [
    [80, 75],
    [20, 20],
    [140, 110],
  ]) {
    expect(at(x, y)).toEqual([GREY, GREY, GREY]);
  }
});

test('does without boxes, and leaves the pixels it was given alone', async () => {
  const at = await pixelsOf(await drawBoxes(image, [], null));
  expect(at(80, 50)).toEqual([GREY, GREY, GREY]);
  await drawBoxes(image, [box], null);
  expect(image.pixels.every((value) => value === GREY)).toBe(true);
});

test('labels that hold markup and control characters are drawn as letters', async () => {
  const label = '<image href="x"/>\u0000\u001b[31m\ud800</svg>&amp;日本';
  const at = await pixelsOf(await drawBoxes(image, [{ ...box, label }], null));
  expect(at(80, 75)).toEqual([GREY, GREY, GREY]);
});

test.each([
  ['drawn.png', 'png'],
  ['drawn.jpg', 'jpeg'],
  ['drawn.JPEG', 'jpeg'],
])('writes %s as %s', async (name, format) => {
  const file = path.join(folder, name);
  const encoded = await drawBoxes(image, [box], file);
  expect(await readFile(file)).toEqual(encoded);
  expect((await sharp(encoded).metadata()).format).toBe(format);
  expect((await readdir(folder)).filter((other) => other.includes('partial'))).toEqual([]);
});

test('draws on an image file', async () => {
  const file = path.join(folder, 'grey.png');
  await sharp(image.pixels, { raw: { ...image.size, channels: 3 } })
    .png()
    .toFile(file);
  expect(await drawBoxes(file, [box], null)).toEqual(await drawBoxes(image, [box], null));
});

test('refuses other formats and files that are no images, and writes nothing', async () => {
  const text = path.join(folder, 'text.png');
  await writeFile(text, 'no image');
  const before = await readdir(folder);
  await expect(drawBoxes(image, [box], path.join(folder, 'drawn.bmp'))).rejects.toThrow(InputError);
  await expect(drawBoxes(text, [box], path.join(folder, 'copy.png'))).rejects.toThrow(InputError);
  expect(await readdir(folder)).toEqual(before);
});
