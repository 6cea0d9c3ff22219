import sharp from 'sharp';
import { detectSet } from '../../../datasets/evaluation/detect-images';
import type { Example } from '../../../datasets/examples';
import { loadBackend } from '../../../detection/backend/node';
import type { Detections } from '../../../detection/structures/instances';
import { rejectionOf } from '../../thrown';
import { paint, paintDetector } from '../inference/paint-detector';

const SIZES = [
  [100, 64],
  [64, 100],
  [100, 64],
  [64, 101],
] as const;
let examples: Example[];

beforeAll(async () => {
  await loadBackend();
  examples = await Promise.all(
    SIZES.map(async ([width, height], k) => {
      const { pixels, size } = paint({ width, height }, [{ box: [10 + k, 8, 40, 30] }]);
      const file = await sharp(pixels, { raw: { ...size, channels: 3 } })
        .png()
        .toBuffer();
      const targets = { boxes: new Float32Array(0), labels: new Int32Array(0) };
      return { imageId: 10 - k, file, size, targets };
    }),
  );
});

const lefts = (found: Map<number, Detections>): [number, number][] =>
  [...found].map(([id, { boxes }]) => [id, Math.round(boxes[0])]);

test.each([
  [{ batchSize: 4 }, [2, 2]],
  [{ batchSize: 4, flip: true }, [4, 4]],
  [{ tiles: { size: 64, overlap: 0.25 } }, Array<number>(12).fill(1)],
])('with %j results are those of one after the other, in the order of the set', async (options, batches) => {
  const detector = paintDetector(64);
  const progress: number[] = [];
  const found = await detectSet(detector, examples, {
    ...options,
    onProgress: (done) => progress.push(done),
  });
  expect(lefts(found)).toEqual([
    [10, 10],
    [9, 11],
    [8, 12],
    [7, 13],
  ]);
  expect(detector.shown.map((batch) => batch.length).sort((a, b) => b - a)).toEqual(batches);
  expect(progress.at(-1)).toBe(4);
});

test('a picture of another size than the set says is told to whoever listens, or thrown', async () => {
  const wrong = [examples[0], { ...examples[1], size: { width: 9, height: 9 } }];
  const broken: number[] = [];
  const found = await detectSet(paintDetector(64), wrong, {
    flip: true,
    onBrokenPicture: ({ imageId, error }) => {
      expect(error.code).toBe('picture-size');
      broken.push(imageId);
    },
  });
  expect([[...found.keys()], broken]).toEqual([[10], [9]]);
  expect(await rejectionOf(detectSet(paintDetector(64), wrong, { flip: true }))).toMatchObject({
    code: 'picture-size',
  });
});
