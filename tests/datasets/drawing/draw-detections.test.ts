import sharp from 'sharp';
import { partsInMemory } from '../../../datasets/images/picture-parts';
import { cropBoxes, drawBoxes } from '../../../datasets/drawing/draw-detections';

const GRAY = 90;
const image = { pixels: new Uint8Array(160 * 120 * 3).fill(GRAY), size: { width: 160, height: 120 } };
const box = { box: [40, 50, 120, 100], label: 'cat', score: 0.5, color: '#00d084' } as const;
async function pixelsOf(encoded: Buffer): Promise<(x: number, y: number) => number[]> {
  const { data, info } = await sharp(encoded).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 160, height: 120, channels: 3 });
  return (x, y) => [...data.subarray((y * 160 + x) * 3, (y * 160 + x) * 3 + 3)];
}

test('colors the edges of the box and its label, and nothing else', async () => {
  const at = await pixelsOf(await drawBoxes(image, [box], 'png'));
  const green = [0x00, 0xd0, 0x84];
  for (const [x, y] of [
    [80, 49], // above, left, below, right: lines are centered on the box's edges
    [39, 75],
    [80, 100],
    [120, 75],
  ]) {
    const [red, , blue] = at(x, y);
    expect(red).toBeLessThan(GRAY - 20);
    expect(at(x, y)[1]).toBeGreaterThan(GRAY + 20);
    expect(blue).toBeGreaterThan(GRAY + 5);
  }
  expect(at(60, 48)).toEqual(green); // the label's ground, below the letters
  const label = Array.from({ length: 40 * 9 }, (_, i) => at(41 + (i % 40), 39 + Math.floor(i / 40)));
  expect(label.some((pixel) => Math.max(...pixel) < 60)).toBe(true); // black letters
  for (const [x, y] of [
    [80, 75],
    [20, 20],
    [140, 110],
  ]) {
    expect(at(x, y)).toEqual([GRAY, GRAY, GRAY]);
  }
});

test('does without boxes, and leaves the pixels it was given alone', async () => {
  const at = await pixelsOf(await drawBoxes(image, [], 'png'));
  expect(at(80, 50)).toEqual([GRAY, GRAY, GRAY]);
  await drawBoxes(image, [box], 'png');
  expect(image.pixels.every((value) => value === GRAY)).toBe(true);
});

test('labels that hold markup and control characters are drawn as letters', async () => {
  const label = '<image href="x"/>\u0000\u001b[31m\ud800</svg>&amp;日本';
  const at = await pixelsOf(await drawBoxes(image, [{ ...box, label }], 'png'));
  expect(at(80, 75)).toEqual([GRAY, GRAY, GRAY]);
});

test.each(['png', 'jpeg'] as const)('is encoded as %s', async (format) => {
  const encoded = await drawBoxes(image, [box], format);
  expect((await sharp(encoded).metadata()).format).toBe(format);
});

test.each([
  [
    [1.9, 0, 3.1, 2.5],
    [1, 2, 3],
    [0, 1, 2],
  ],
  [[-9, -9, 0.5, 0.5], [0], [0]],
  [[3, 2, 50, 50], [3], [2]],
  [[8, 8, 9, 9], [3], [2]],
] as const)('crops %j to columns %j and rows %j', async (corners, columns, rows) => {
  const size = { width: 4, height: 3 };
  const pixels = Uint8Array.from({ length: 36 }, (_, i) => [(i / 3) % 4, Math.floor(i / 12), 7][i % 3]);
  const crops: number[][] = [];
  for await (const { index, encoded } of cropBoxes(partsInMemory({ pixels, size }), [corners], 'raw')) {
    crops.push([index, ...encoded]);
  }
  expect(crops).toEqual([[0, ...rows.flatMap((row) => columns.flatMap((column) => [column, row, 7]))]]);
});
