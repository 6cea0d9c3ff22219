import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { describeShared, sharedPath } from '../../shared';
import { buildTinyGolden, loadGolden, tinyImages } from './tiny-golden';

describeShared('a tiny Faster R-CNN on WebAssembly', () => {
  beforeAll(async () => {
    process.env['FASTER_RCNN_BACKEND'] = 'wasm';
    expect(await loadBackend()).toBe('wasm');
  });

  test("detects what torchvision's does", () => {
    const golden = loadGolden(readFileSync(sharedPath('golden/golden_tiny_frcnn.json'), 'utf8'));
    const before = tf.memory().numTensors;
    const model = buildTinyGolden(golden);
    const images = tinyImages([0, 1]);
    model.detect(images).forEach((found, image) => {
      const expected = golden.detections[image];
      expect([...found.labels]).toEqual(expected.labels);
      expected.scores.forEach((score, i) => expect(Math.abs(found.scores[i] - score)).toBeLessThan(1e-5));
      expected.boxes.flat().forEach((side, i) => expect(Math.abs(found.boxes[i] - side)).toBeLessThan(1e-3));
    });
    images.tensor.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
