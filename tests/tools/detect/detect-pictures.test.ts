import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CategoryMap } from '../../../datasets/coco/categories/category-map';
import { partsOfDetected } from '../../../datasets/images/picture-parts';
import { loadBackend } from '../../../detection/backend/node';
import { detectPictures } from '../../../tools/detect/detect-pictures';
import type { FoundPicture } from '../../../tools/detect/outputs/found-picture';
import { paint, paintDetector } from '../../datasets/inference/paint-detector';

const categories = new CategoryMap(
  [
    { id: 1, name: 'paint' },
    { id: 2, name: 'other paint' },
  ],
  'the detector',
);
let folder: string;
let said: string[];
let stderr: jest.SpyInstance;

beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'detect-pictures-'));
  for (const [name, x] of [
    ['a', 10],
    ['b', 20],
    ['d', 40],
  ] as const) {
    const { pixels, size } = paint({ width: 100, height: 64 }, [{ box: [x, 8, x + 20, 30] }]);
    await sharp(pixels, { raw: { ...size, channels: 3 } })
      .png()
      .toFile(path.join(folder, `${name}.png`));
  }
  writeFileSync(path.join(folder, 'c.png'), 'no picture');
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  said = [];
  stderr = jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => stderr.mockRestore());

const inputs = ['a', 'b', 'c', 'd'].map((name) => ({
  get file() {
    return path.join(folder, `${name}.png`);
  },
  name: `${name}.png`,
}));

test('pictures are detected in together, told in their order, and the broken one is left out', async () => {
  const detector = paintDetector(64);
  const found: FoundPicture[] = [];
  const numBroken = await detectPictures(detector, inputs, {
    categories,
    scoreThreshold: 0.5,
    inference: { batchSize: 3 },
    onFound: (picture) => Promise.resolve(void found.push(picture)),
  });
  expect(numBroken).toBe(1);
  expect(found.map(({ input, detections }) => [input.name, detections.boxes[0]])).toEqual([
    ['a.png', 10],
    ['b.png', 20],
    ['d.png', 40],
  ]);
  expect(detector.shown.map((batch) => batch.length)).toEqual([2, 1]);
  expect(said.join('')).toContain('c.png');
});

test('tiles of one picture are detected in together', async () => {
  const detector = paintDetector(64);
  await detectPictures(detector, inputs.slice(0, 1), {
    categories,
    scoreThreshold: 0.5,
    inference: { batchSize: 8, tiles: { size: 40, overlap: 0.25 } },
    onFound: async ({ detections, input, size, pixels }) => {
      expect([...detections.boxes].map(Math.round)).toEqual([10, 8, 30, 30]);
      // Whoever draws gets the same pixels from the file.
      const read = await (await partsOfDetected({ size }, input.file)).whole(size);
      expect(Buffer.from(read.pixels as Uint8Array).equals(Buffer.from(pixels!))).toBe(true);
    },
  });
  expect(detector.shown.map((batch) => batch.length)).toEqual([1, 6]);
});

test('the detector goes on while a picture is handed over; where that fails, the error is told, and nothing is handed over later', async () => {
  const detector = paintDetector(64);
  const shown: number[] = [];
  const options = { categories, scoreThreshold: 0.5 };
  await detectPictures(detector, [inputs[0], inputs[1], inputs[3]], {
    ...options,
    onFound: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      shown.push(detector.shown.length);
    },
  });
  expect(shown).toEqual([2, 3, 3]);
  let handedOver = 0;
  const full = detectPictures(detector, [inputs[0], inputs[1], inputs[3]], {
    ...options,
    onFound: async () => {
      handedOver++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('the disk is full');
    },
  });
  await expect(full).rejects.toThrow('the disk is full');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(handedOver).toBe(1);
});
