import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { Sgd } from '../../../detection/engine/sgd';
import type { Losses } from '../../../detection/nn/trainable';
import { createDetector } from '../../../detection/modeling/definitions';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { NormNotLoadedError } from '../../../detection/nn/normalisation';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { Targets } from '../../../detection/structures/instances';
import { describeShared, sharedPath } from '../../shared';
import { asLoaded } from './as-loaded';
import {
  boxes,
  buildTinyGolden,
  loadGolden,
  type Golden,
  tinyBatch,
  tinyImages,
  trainable,
} from './tiny-golden';
import { thrownBy } from '../../thrown';

async function values(losses: Losses): Promise<Record<string, number>> {
  const entries = Object.entries(losses).map(async ([name, loss]) => [name, (await loss.data())[0]] as const);
  const result = Object.fromEntries(await Promise.all(entries));
  tf.dispose(losses);
  return result;
}

function expectClose(actual: number, expected: number, relative: number, absolute = 0): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
}

describeShared('a tiny Faster R-CNN against torchvision', () => {
  let golden: Golden;
  beforeAll(async () => {
    await loadBackend();
    golden = loadGolden(readFileSync(sharedPath('golden/golden_tiny_frcnn.json'), 'utf8'));
  });

  function expectLosses(
    actual: Record<string, number>,
    expected: Record<string, number>,
    relative = 1e-5,
  ): void {
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expectClose(actual[name], value, relative);
  }

  test('has the same parameters', () => {
    const model = buildTinyGolden(golden);
    const shapes = [...model.namedParameters()].map(([name, parameter]) => [name, parameter.shapeOnDisk]);
    expect(Object.fromEntries(shapes)).toEqual(
      Object.fromEntries(golden.params.map((p) => [p.name, p.shape])),
    );
    model.dispose();
  });

  test('losses, gradients of every parameter and four SGD steps agree', async () => {
    const before = tf.memory().numTensors;
    const model = buildTinyGolden(golden);
    const batch = tinyBatch(golden);
    const { lr, momentum, weight_decay: weightDecay } = golden.sgd;
    const optimizer = new Sgd(trainable(model), { momentum, weightDecay });
    for (const expected of golden.train_steps) {
      const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trainable(model));
      expectLosses(await values(losses), expected.losses);
      for (const [name, gradient] of Object.entries(expected.grads ?? {})) {
        const parameter = model.stateDict().get(name)!;
        const actual = tf.tidy(() => parameter.asOnDisk(gradients.get(name)!).dataSync<'float32'>());
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
  });

  test('detections agree', () => {
    const before = tf.memory().numTensors;
    const model = buildTinyGolden(golden);
    const images = tinyImages([0, 1]);
    const detections = model.detect(images);
    detections.forEach((found, image) => {
      const expected = golden.detections[image];
      expect([...found.labels]).toEqual(expected.labels);
      expected.scores.forEach((score, i) => expectClose(found.scores[i], score, 0, 1e-5));
      expected.boxes.flat().forEach((side, i) => expectClose(found.boxes[i], side, 0, 1e-3));
    });
    images.tensor.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each([
    [
      'an image without objects',
      { boxes: new Float32Array(), labels: new Int32Array() },
      'empty_target_losses',
    ],
    ['a single image', undefined, 'single_image_losses'],
  ] as const)('losses of %s agree', async (_, targets: Targets | undefined, key) => {
    const before = tf.memory().numTensors;
    const model = buildTinyGolden(golden);
    const images = tinyImages([0]);
    const batch: DetectionBatch = { images, targets: [targets ?? boxes(golden, 0)], imageIds: [0] };
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trainable(model));
    expectLosses(await values(losses), golden[key]);
    // Without objects the box predictors still have a gradient: zero, so that the optimizer treats them as any other.
    expect([...gradients.keys()].sort()).toEqual(golden.params.map(({ name }) => name).sort());
    for (const gradient of gradients.values()) {
      expect(tf.tidy(() => tf.all(tf.isFinite(gradient)).dataSync()[0])).toBe(1);
    }
    tf.dispose([...gradients.values()]);
    images.tensor.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('detecting without reading synchronously finds the same, two at once too, and leaks nothing', async () => {
    const model = buildTinyGolden(golden);
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

  test('a detector that waits for pretrained weights refuses to train without', () => {
    const options = { numClasses: 2, seed: 0 };
    const model = createDetector('fasterrcnn_tiny_fpn', options);
    const batch = tinyBatch(golden);
    const before = tf.memory().numTensors;
    const named = [...model.namedParameters()];
    const error = thrownBy(() => lossesAndGradients(() => model.losses(batch), named));
    expect(error).toBeInstanceOf(NormNotLoadedError);
    expect(error).toMatchObject({ code: 'norm-not-loaded' });
    expect(tf.memory().numTensors).toBe(before);
    asLoaded(model);
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), named);
    tf.dispose([losses, [...gradients.values()], batch.images.tensor]);
    model.dispose();
  });

  test('a forward that fails leaks nothing', () => {
    const model = buildTinyGolden(golden);
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
