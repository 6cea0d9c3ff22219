import * as tf from '@tensorflow/tfjs-core';
import { createDetector } from '../../../detection/modeling/definitions';
import type { NormName } from '../../../detection/modeling/detector';
import type { SettingValues } from '../../../detection/modeling/settings';
import { InferenceOnlyError } from '../../../detection/nn/inference-only-error';
import type { ImageBatch } from '../../../detection/structures/image-batch';
import type { Detections } from '../../../detection/structures/instances';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { saveDetector } from '../../../weights';
import { thrownBy } from '../../thrown';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

/** Two pictures of noise. The caller disposes. */
function pictures(side: number): ImageBatch {
  const sizes = [
    { height: side, width: side },
    { height: side - 20, width: side - 8 },
  ];
  const tensor = tf.randomNormal<tf.Rank.R4>([2, side, side, 3], 0, 1, 'float32', 3);
  return { tensor, sizes, originalSizes: sizes };
}

/** Largest difference of two lists of numbers of one length. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(0, ...Array.from(actual, (value, i) => Math.abs(value - expected[i])));
}

function expectSame(actual: Detections, expected: Detections): void {
  expect(actual.labels).toEqual(expected.labels);
  expect(difference(actual.boxes, expected.boxes)).toBeLessThan(1e-3);
  expect(difference(actual.scores, expected.scores)).toBeLessThan(1e-5);
  expect(difference(actual.keypoints ?? [], expected.keypoints ?? [])).toBeLessThan(1e-3);
  expect(actual.masks?.length).toBe(expected.masks?.length);
}

const roi = { roi: { detectionsPerImage: 3 } };

const cases: [string, NormName, number, SettingValues][] = [
  ['mask_keypointrcnn_tiny_fpn', 'frozen', 64, roi],
  ['fasterrcnn_tiny_fpn', 'batch', 64, {}],
  ['retinanet_tiny_fpn', 'group', 64, {}],
  ['fcos_tiny_fpn', 'frozen', 64, {}],
  ['ssdlite320_efficientnet_lite0', 'frozen', 320, {}],
];

test.each(cases)('%s, norm %s, detects the same once it is prepared', async (name, norm, side, settings) => {
  const numClasses = name.includes('keypoint') ? 1 : 3;
  const detector = createDetector(name, { numClasses, norm, settings });
  fillWithFormula(detector, 7);
  const images = pictures(side);
  const before = detector.detect(images);
  expect(before.some(({ scores }) => scores.length > 0)).toBe(true);
  detector.prepareForInference();
  detector.detect(images).forEach((found, i) => expectSame(found, before[i]));
  const { numTensors } = tf.memory();
  (await detector.detectAsync(images)).forEach((found, i) => expectSame(found, before[i]));
  expect(tf.memory().numTensors).toBe(numTensors);
  images.tensor.dispose();
  detector.dispose();
});

test('a prepared detector is not saved', () => {
  const detector = createDetector('fasterrcnn_tiny_fpn', { numClasses: 1, norm: 'frozen' });
  detector.prepareForInference();
  expect(thrownBy(() => saveDetector(detector, '/nowhere/a.safetensors'))).toBeInstanceOf(InferenceOnlyError);
  detector.dispose();
});
