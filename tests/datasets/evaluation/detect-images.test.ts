import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { CategoryMap } from '../../../datasets/coco/categories/category-map';
import { segmentationToRle } from '../../../datasets/coco/masks/segmentation';
import { cocoDetections, cocoResults, detectFile } from '../../../datasets/evaluation/detect-images';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { rejectionOf } from '../../thrown';

test('a picture is detected in by its path and from its bytes alike; one that cannot be read leaves nothing behind', async () => {
  await loadBackend();
  const folder = mkdtempSync(path.join(tmpdir(), 'detect-images-'));
  const file = path.join(folder, 'noise.png');
  const pixels = Uint8Array.from({ length: 40 * 60 * 3 }, (_, i) => (7919 * i) & 255);
  const bytes = await sharp(pixels, { raw: { width: 60, height: 40, channels: 3 } })
    .png()
    .toBuffer();
  writeFileSync(file, bytes);
  const input = torchvisionInput({ minSize: 64, maxSize: 96 });
  const detector = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2, norm: 'batch', input });
  const { numTensors } = tf.memory();

  const found = await detectFile(detector, file);
  expect(found.size).toEqual({ width: 60, height: 40 });
  expect(new Uint8Array(found.pixels!)).toEqual(pixels);
  expect(found.detections.scores.length).toBeGreaterThan(0);
  expect(Math.max(...found.detections.boxes)).toBeLessThanOrEqual(60);
  expect(await detectFile(detector, new Uint8Array(bytes))).toEqual(found);

  expect(await rejectionOf(detectFile(detector, path.join(folder, 'gone.png')))).toMatchObject({
    code: 'picture-missing',
  });
  expect(await rejectionOf(detectFile(detector, bytes.subarray(0, 60)))).toMatchObject({
    name: 'ImageError',
  });
  expect(tf.memory().numTensors).toBe(numTensors);
  detector.dispose();
  rmSync(folder, { recursive: true });
});

test('detections as a results file has them: masks as compressed run lengths, keypoints as flat lists, each where there are any', () => {
  const categories = [
    { id: 7, name: 'cat' },
    { id: 9, name: 'dog' },
  ];
  const boxes = {
    boxes: Float32Array.of(1, 2, 4, 8, 0, 0, 2, 1),
    labels: Int32Array.of(2, 1),
    scores: Float32Array.of(0.75, 0.5),
  };
  const size = { height: 3, width: 2 };
  const masks = [
    { size, counts: Uint32Array.of(0, 6) },
    { size, counts: Uint32Array.of(2, 3, 1) },
  ];
  const keypoints = Float32Array.of(1, 2, 1, 3.5, 7, 1, 0, 0.5, 1, 1, 0, 1);
  const keypointScores = Float32Array.of(8, -1.5, 2, 4);
  const map = new CategoryMap(categories, 'the detector');

  const plain = [
    { bbox: [1, 2, 3, 6], score: 0.75, category_id: 9 },
    { bbox: [0, 0, 2, 1], score: 0.5, category_id: 7 },
  ];
  expect(cocoDetections(boxes, map)).toEqual(plain);
  const whole = cocoDetections({ ...boxes, masks, keypoints, keypointScores }, map);
  expect(whole).toEqual([
    {
      ...plain[0],
      segmentation: { size: [3, 2], counts: '06' },
      keypoints: [1, 2, 1, 3.5, 7, 1],
      keypoint_scores: [8, -1.5],
    },
    {
      ...plain[1],
      segmentation: { size: [3, 2], counts: '231' },
      keypoints: [0, 0.5, 1, 1, 0, 1],
      keypoint_scores: [2, 4],
    },
  ]);
  expect(whole.map(({ segmentation }) => segmentationToRle(segmentation, size))).toEqual(masks);
  const polygons = cocoDetections({ ...boxes, masks }, map, 'polygons').map((each) => each.segmentation);
  expect(polygons).toEqual([
    [[0, 0, 0, 3, 2, 3, 2, 0]],
    [
      [0, 2, 0, 3, 1, 3, 1, 2],
      [1, 0, 1, 2, 2, 2, 2, 0],
    ],
  ]);
  // An empty mask is no polygon.
  const empty = [masks[0], { size, counts: Uint32Array.of(6) }];
  expect(cocoDetections({ ...boxes, masks: empty }, map, 'polygons')[1].segmentation).toEqual({
    size: [3, 2],
    counts: '6',
  });
  expect(cocoDetections({ ...boxes, masks }, map).map((each) => Object.keys(each))).toEqual([
    ['bbox', 'score', 'category_id', 'segmentation'],
    ['bbox', 'score', 'category_id', 'segmentation'],
  ]);
  expect(cocoResults(new Map([[5, { ...boxes, masks }]]), categories)).toMatchObject([
    { image_id: 5, category_id: 9, segmentation: { counts: '06' } },
    { image_id: 5, category_id: 7, segmentation: { counts: '231' } },
  ]);
});
