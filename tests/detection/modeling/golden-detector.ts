import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { Sgd } from '../../../detection/engine/sgd';
import type { DetectorModule } from '../../../detection/modeling/detector-module';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import type { Losses } from '../../../detection/nn/trainable';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { Detections, Targets } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { parseRle, rleToMask, type CompressedRle } from '../../../datasets/coco/masks/rle';
import { describeShared, sharedPath } from '../../shared';
import { loadGolden, targetsOf, tinyBatch, tinyImages, trainable, type Golden } from './tiny-golden';

export type BuildGolden = (golden: Golden, headGradients?: HeadGradients) => DetectorModule;

/** Most detections of an image in every golden. */
const GOLDEN_DETECTIONS = 20;
const NO_OBJECTS: Targets = { boxes: new Float32Array(), labels: new Int32Array() };

/** What must agree of every detector that is a port. @param name of the golden file, without golden_tiny_ */
export function describeGoldenDetector(title: string, name: string, build: BuildGolden): void {
  describeShared(`${title} against torchvision`, () => {
    let golden: Golden;
    beforeAll(async () => {
      await loadBackend();
      golden = loadGolden(readFileSync(sharedPath(`golden/golden_tiny_${name}.json`), 'utf8'));
    });

    test('has the same parameters', () => {
      const model = build(golden);
      const shapes = [...model.namedParameters()].map(([entry, parameter]) => [entry, parameter.shapeOnDisk]);
      expect(Object.fromEntries(shapes)).toEqual(
        Object.fromEntries(golden.params.map((parameter) => [parameter.name, parameter.shape])),
      );
      model.dispose();
    });

    test.each(['in-forward', 'at-the-end'] as const)(
      'losses, gradients of every parameter and four SGD steps agree, gradients taken %s',
      (headGradients) => {
        const before = tf.memory().numTensors;
        const model = build(golden, headGradients);
        const batch = tinyBatch(golden);
        const { lr, momentum, weight_decay: weightDecay } = golden.sgd;
        const optimizer = new Sgd(trainable(model), { momentum, weightDecay });
        for (const expected of golden.train_steps) {
          const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trainable(model));
          expectLosses(lossValues(losses), expected.losses);
          for (const [entry, gradient] of Object.entries(expected.grads ?? {})) {
            const parameter = model.stateDict().get(entry)!;
            const actual = tf.tidy(() => parameter.asOnDisk(gradients.get(entry)!).dataSync<'float32'>());
            const norm = Math.sqrt(actual.reduce((sum, value) => sum + value * value, 0));
            expectClose(norm, gradient.norm, 1e-4, 1e-7);
            gradient.first4.forEach((value, i) =>
              expectClose(actual[i], value, 1e-4, 1e-4 * gradient.norm + 1e-7),
            );
          }
          optimizer.step(gradients, lr);
          tf.dispose([...gradients.values()]);
        }
        optimizer.dispose();
        batch.images.tensor.dispose();
        model.dispose();
        expect(tf.memory().numTensors).toBe(before);
      },
    );

    test('detections agree', () => {
      const before = tf.memory().numTensors;
      const model = build(golden);
      const images = tinyImages([0, 1]);
      model.detect(images).forEach((found, image) => expectDetections(found, golden.detections[image]));
      images.tensor.dispose();
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test.each([
      ['an image without objects', (golden: Golden) => golden.empty_target_losses],
      ['a single image', (golden: Golden) => golden.single_image_losses],
      ['two images, one without objects', (golden: Golden) => golden.second_image_empty_losses],
    ] as const)('losses of %s agree', (what, expected) => {
      const values = expected(golden);
      if (values === undefined) return;
      const before = tf.memory().numTensors;
      const model = build(golden);
      // The golden of an image without objects is of both images in the later goldens, and of one in the first.
      const isEmpty = what === 'an image without objects';
      const two = golden.second_image_empty_losses !== undefined && what !== 'a single image';
      const images = tinyImages(two ? [0, 1] : [0]);
      const targets = [isEmpty ? NO_OBJECTS : targetsOf(golden, 0), ...(two ? [NO_OBJECTS] : [])];
      const batch: DetectionBatch = { images, targets, imageIds: targets.map((_, id) => id) };
      const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trainable(model));
      expectLosses(lossValues(losses), values);
      // Without objects the box predictors still have a gradient: zero, so that the optimizer treats them as any other.
      expect([...gradients.keys()].sort()).toEqual(golden.params.map((parameter) => parameter.name).sort());
      for (const gradient of gradients.values()) {
        expect(tf.tidy(() => tf.all(tf.isFinite(gradient)).dataSync()[0])).toBe(1);
      }
      tf.dispose([...gradients.values()]);
      images.tensor.dispose();
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    test('detecting without reading synchronously finds the same, two at once too, and leaks nothing', async () => {
      const model = build(golden);
      const images = tinyImages([0, 1]);
      const before = tf.memory().numTensors;
      const expected = model.detect(images);
      expect(expected.some(({ scores }) => scores.length > 0)).toBe(true);
      const found = await Promise.all([model.detectAsync(images), model.detectAsync(images)]);
      expect(found).toEqual([expected, expected]);
      expect(tf.memory().numTensors).toBe(before);
      images.tensor.dispose();
      await expect(model.detectAsync(images)).rejects.toThrow();
      expect(tf.memory().numTensors).toBe(before - 1);
      model.dispose();
    });

    test('a forward that fails leaks nothing', () => {
      const model = build(golden);
      const batch = tinyBatch(golden);
      const before = tf.memory().numTensors;
      const failing = (): Losses => {
        model.losses(batch);
        throw new Error('after the forward');
      };
      expect(() => lossesAndGradients(failing, trainable(model))).toThrow('after the forward');
      expect(tf.memory().numTensors).toBe(before);
      batch.images.tensor.dispose();
      model.dispose();
    });
  });
}

/** torchvision's RetinaNet and FCOS emit label 0, the background, too: ours do not. */
function expectDetections(found: Detections, expected: Golden['detections'][number]): void {
  const emitted = [...expected.labels.keys()].filter((i) => expected.labels[i] > 0);
  const isWhole = expected.labels.length < GOLDEN_DETECTIONS || emitted.length === expected.labels.length;
  expect([...found.labels].slice(0, isWhole ? undefined : emitted.length)).toEqual(
    emitted.map((i) => expected.labels[i]),
  );
  emitted.forEach((i, k) => {
    expectClose(found.scores[k], expected.scores[i], 0, 1e-5);
    expected.boxes[i].forEach((side, c) => expectClose(found.boxes[4 * k + c], side, 0, 1e-3));
    if (expected.masks) expectMask(found.masks![k], expected.masks[i]);
    if (expected.keypoints) expectKeypoints(found, k, expected.keypoints[i], expected.keypoint_scores![i]);
  });
}

/** Equal but for pixels that torchvision's own rounding may turn. */
function expectMask(found: Mask, expected: CompressedRle & { near_half?: number }): void {
  const [ours, theirs] = [rleToMask(found), rleToMask(parseRle(expected))];
  expect(found.size).toEqual({ height: expected.size[0], width: expected.size[1] });
  const differing = ours.filter((pixel, i) => pixel !== theirs[i]).length;
  expect(differing).toBeLessThanOrEqual(expected.near_half ?? 0);
}

/** Places to a twentieth of a pixel, logits to 1e-4. */
function expectKeypoints(found: Detections, index: number, expected: number[][], scores: number[]): void {
  expected
    .flat()
    .forEach((value, i) => expectClose(found.keypoints![3 * scores.length * index + i], value, 0, 0.05));
  scores.forEach((score, i) =>
    expectClose(found.keypointScores![scores.length * index + i], score, 1e-4, 1e-4),
  );
}

function lossValues(losses: Losses): Record<string, number> {
  const values = Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]] as const);
  tf.dispose(losses);
  return Object.fromEntries(values);
}

function expectLosses(actual: Record<string, number>, expected: Record<string, number>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) expectClose(actual[name], value, 1e-5);
}

function expectClose(actual: number, expected: number, relative: number, absolute = 0): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
}
