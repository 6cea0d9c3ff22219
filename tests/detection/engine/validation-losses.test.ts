import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import type { Losses } from '../../../detection/nn/trainable';
import { validationLosses } from '../../../detection/engine/validation-losses';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import type { FasterRcnn } from '../../../detection/modeling/faster-rcnn';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { asLoaded } from '../modeling/as-loaded';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { makeImageBatch } from '../../../detection/structures/image-batch';

const SIZE = { width: 64, height: 64 };

/** A picture of noise with two boxes. */
function detectionBatch(id: number): DetectionBatch {
  const random = new RandomStream(id, 'picture');
  const pixels = Float32Array.from({ length: 64 * 64 * 3 }, () => random.normal());
  return {
    images: makeImageBatch(pixels, SIZE, [SIZE], [SIZE]),
    targets: [{ boxes: Float32Array.of(4, 4, 40, 30, 20, 10, 60, 62), labels: Int32Array.of(1, 3) }],
    imageIds: [id],
  };
}

/** Everything that a checkpoint would hold, to the bit. */
function contentsOf(model: FasterRcnn): unknown {
  const sums = [...model.stateDict()].map(([name, { value }]) => {
    const bytes = new Uint8Array(value.dataSync().buffer);
    return [name, createHash('sha256').update(bytes).digest('hex')];
  });
  return [sums, [...model.randomStreams()].map(({ name, state }) => [name, state])];
}

let tensorsBefore: number;
let model: FasterRcnn;
let batches: DetectionBatch[];
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  model = fasterRcnnModel('fasterrcnn_tiny_fpn').build({
    numClasses: 3,
    seed: 1,
    norm: 'batch',
    trainableLayers: 5,
  });
  batches = [detectionBatch(1), detectionBatch(2)];
});
afterEach(() => {
  for (const { images } of batches) images.tensor.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

test('they are the same each time, whatever has been drawn before, and leave the model as it was to the bit', async () => {
  const numTensors = tf.memory().numTensors;
  const before = contentsOf(model);
  const first = await validationLosses(batches, model);
  expect(contentsOf(model)).toEqual(before);
  expect(Object.keys(first)).toEqual([
    'loss_objectness',
    'loss_rpn_box_reg',
    'loss_classifier',
    'loss_box_reg',
  ]);
  // The model's own streams elsewhere, as after some training.
  for (const stream of model.randomStreams()) stream.uniform();
  expect(await validationLosses(batches, model)).toEqual(first);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('they are the mean of what each batch gives, of model.losses without a tape', async () => {
  const expected: Record<string, number> = {};
  batches.forEach((batch, k) => {
    for (const stream of model.randomStreams()) {
      stream.seek(`validation/${k}`);
    }
    const losses = model.losses(batch);
    for (const [name, loss] of Object.entries(losses)) {
      expected[name] = (expected[name] ?? 0) + loss.dataSync()[0];
      loss.dispose();
    }
  });
  for (const name of Object.keys(expected)) expected[name] /= 2;
  expect(await validationLosses(batches, model)).toEqual(expected);
});

test('they are the losses that training minimizes', async () => {
  // Statistics of the batch would make a difference: batch normalization by running statistics is what detection uses.
  const options = { numClasses: 3, seed: 1, norm: 'frozen', trainableLayers: 5 } as const;
  const frozen = asLoaded(fasterRcnnModel('fasterrcnn_tiny_fpn').build(options));
  const validation = await validationLosses([batches[0]], frozen);
  for (const stream of frozen.randomStreams()) {
    stream.seek('validation/0');
  }
  const { losses, gradients } = lossesAndGradients(() => frozen.losses(batches[0]), frozen.namedParameters());
  for (const [name, loss] of Object.entries(losses)) {
    expect(validation[name]).toBeCloseTo(loss.dataSync()[0], 5);
  }
  tf.dispose([...Object.values(losses), ...gradients.values()]);
  frozen.dispose();
});

test('what fails in the middle leaves nothing behind', async () => {
  const before = contentsOf(model);
  const failing: FasterRcnn['losses'] = (batch) => {
    if (batch === batches[1]) throw new Error('broken');
    return model.losses(batch);
  };
  const broken = {
    losses: failing,
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  };
  await expect(validationLosses(batches, broken)).rejects.toThrow('broken');
  const none = { ...broken, losses: (): Losses => ({}) };
  await expect(validationLosses(batches, none)).rejects.toThrow('the model returned no losses');
  const told: number[] = [];
  const stop = (done: number): void => {
    told.push(done);
    throw new Error('stopped');
  };
  await expect(validationLosses(batches, model, stop)).rejects.toThrow('stopped');
  expect(told).toEqual([1]);
  await expect(validationLosses([], model)).rejects.toThrow('there is no batch');
  expect(contentsOf(model)).toEqual(before);
});
