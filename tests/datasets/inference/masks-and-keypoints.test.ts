import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { rleIou, rleToBox } from '../../../datasets/coco/masks/rle';
import { detectImages } from '../../../datasets/inference/detect-files';
import { joinObjects } from '../../../datasets/inference/join-objects';
import { loadBackend } from '../../../detection/backend/node';
import type { Detections } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { paint, paintDetector, type Rectangle } from './paint-detector';

beforeAll(loadBackend);

const SIZE = { width: 120, height: 64 };

/** Rectangles that do not touch: one in each of the cells of a grid. */
const painted = fc
  .array(
    fc.record({
      cell: fc.integer({ min: 0, max: 7 }),
      x: fc.integer({ min: 0, max: 14 }),
      y: fc.integer({ min: 0, max: 14 }),
      width: fc.integer({ min: 6, max: 14 }),
      height: fc.integer({ min: 6, max: 14 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((cells): Rectangle[] =>
    [...new Map(cells.map((each) => [each.cell, each])).values()].map(({ cell, x, y, width, height }) => {
      const [left, top] = [30 * (cell % 4) + x, 32 * Math.floor(cell / 4) + y];
      return { box: [left, top, left + width, top + height] };
    }),
  );

/** In the order of the boxes, whatever the scores. */
function sorted(found: Detections) {
  return Array.from(found.labels, (_, k) => ({
    box: [...found.boxes.subarray(4 * k, 4 * k + 4)],
    mask: found.masks![k],
    keypoints: [...found.keypoints!.subarray(6 * k, 6 * k + 6)],
    scores: [...found.keypointScores!.subarray(2 * k, 2 * k + 2)],
  })).sort((a, b) => a.box[0] - b.box[0] || a.box[1] - b.box[1]);
}

/** Of a mask that is a rectangle. */
function cornersOf(mask: Mask): number[] {
  const [x, y, width, height] = rleToBox(mask);
  let area = 0;
  for (let i = 1; i < mask.counts.length; i += 2) area += mask.counts[i];
  expect(area).toBe(width * height);
  return [x, y, x + width, y + height];
}

test.each([
  ['once', {}],
  ['and mirrored, in a batch', { flip: true, batchSize: 2 }],
  ['at two scales', { scales: [1, 2] }],
  ['in tiles', { tiles: { size: 64, overlap: 0.4 } }],
  ['in tiles and mirrored', { tiles: { size: 64, overlap: 0.4 }, flip: true, batchSize: 3 }],
])('shown %s, objects have the masks and keypoints that are painted', async (_, options) => {
  const { numTensors } = tf.memory();
  await fc.assert(
    fc.asyncProperty(painted, async (rectangles) => {
      const [found] = await detectImages(paintDetector(64), [paint(SIZE, rectangles)], options);
      const boxes = rectangles.map(({ box }) => [...box]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const objects = sorted(found);
      expect(objects.map(({ box }) => box)).toEqual(boxes);
      objects.forEach(({ mask, keypoints, box: [x1, y1, x2, y2] }) => {
        expect(mask.size).toEqual(SIZE);
        expect(cornersOf(mask)).toEqual([x1, y1, x2, y2]);
        expect(keypoints).toEqual([x1, (y1 + y2) / 2, 1, x2, (y1 + y2) / 2, 1]);
      });
    }),
    { numRuns: 5 },
  );
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('an object that no tile has as a whole has the masks of its parts together, and the ends that tiles have seen', async () => {
  // In the whole, which is reduced to 64 pixels of 320, it is too flat to be seen.
  const size = { width: 640, height: 320 };
  const image = paint(size, [{ box: [30, 100, 610, 105] }]);
  const [found] = await detectImages(paintDetector(64), [image], { tiles: { size: 64, overlap: 0.25 } });
  const [{ box, mask, keypoints, scores }, ...others] = sorted(found);
  expect(others).toEqual([]);
  expect(box).toEqual([30, 100, 610, 105]);
  expect(cornersOf(mask)).toEqual(box);
  expect(keypoints).toEqual([30, 102.5, 1, 610, 102.5, 1]);
  expect(scores).toEqual([5, 4]);
});

test('joined objects keep what is not joined', () => {
  const size = { height: 2, width: 4 };
  const maskOf = (...counts: number[]): Mask => ({ size, counts: Uint32Array.from(counts) });
  const detections: Detections = {
    boxes: Float32Array.of(0, 0, 1, 2, 2, 0, 4, 1, 1, 0, 3, 1),
    labels: Int32Array.of(1, 2, 1),
    scores: Float32Array.of(0.25, 0.5, 0.75),
    masks: [maskOf(0, 2, 6), maskOf(4, 1, 1, 1, 1), maskOf(2, 1, 1, 1, 3)],
  };
  const joined = joinObjects(detections, Int32Array.of(0, 1, 0));
  expect(joined).toEqual({
    boxes: Float32Array.of(0, 0, 3, 2, 2, 0, 4, 1),
    labels: Int32Array.of(1, 2),
    scores: Float32Array.of(0.75, 0.5),
    masks: [maskOf(0, 3, 1, 1, 3), maskOf(4, 1, 1, 1, 1)],
  });
  expect(rleIou(joined.masks![0], detections.masks![0], false)).toBe(0.5);
  expect(detections.boxes[2]).toBe(1); // as it was
});
