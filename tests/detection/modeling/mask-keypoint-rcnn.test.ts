import * as tf from '@tensorflow/tfjs-core';
import { createDetector } from '../../../detection/modeling/definitions';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { Targets } from '../../../detection/structures/instances';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { tinyImages } from './tiny-golden';

expectNoTensorLeaks();

const names = ['nose', 'tail'];

/** Two objects, of which one has a mask, and the other has keypoints. */
const targets: Targets = {
  boxes: Float32Array.of(10, 10, 60, 70, 70, 20, 120, 80),
  labels: Int32Array.of(1, 2),
  masks: [
    { size: { height: 96, width: 128 }, counts: Uint32Array.of(96 * 20 + 20, 40, 96 * 107 + 36) },
    { size: { height: 96, width: 128 }, counts: Uint32Array.of(96 * 128) },
  ],
  hasMask: Uint8Array.of(1, 0),
  keypoints: Float32Array.of(0, 0, 0, 0, 0, 0, 80, 30, 2, 100, 70, 1),
};

test('a detector with both heads trains each on what an object has, and finds boxes, masks and keypoints', () => {
  const model = createDetector('mask_keypointrcnn_tiny_fpn', {
    categories: ['cat', 'dog'],
    keypoints: { names, flipPairs: [], skeleton: [] },
    norm: 'batch',
  });
  expect(model.definition.needs).toEqual(['masks', 'keypoints']);
  expect(model.iouTypes).toEqual(['bbox', 'segm', 'keypoints']);
  expect(model.keypoints?.names).toEqual(names);
  const images = tinyImages([0]);
  const step = (of: Targets): Record<string, number> => {
    const { losses, gradients } = lossesAndGradients(
      () => model.losses({ images, targets: [of], imageIds: [1] }),
      [...model.namedParameters()],
    );
    const values = Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]]);
    tf.dispose([losses, [...gradients.values()]]);
    return Object.fromEntries(values) as Record<string, number>;
  };
  const both = step(targets);
  expect(Object.keys(both).sort()).toEqual([...model.lossNames].sort());
  expect(both['loss_mask']).toBeGreaterThan(0);
  expect(both['loss_keypoint']).toBeGreaterThan(0);
  const { boxes, labels } = targets;
  expect(step({ boxes, labels })).toMatchObject({ loss_mask: 0, loss_keypoint: 0 });
  const [found] = model.detect(images);
  const count = found.labels.length;
  expect(count).toBeGreaterThan(0);
  expect(found.masks).toHaveLength(count);
  expect([found.keypoints!.length, found.keypointScores!.length]).toEqual([6 * count, 2 * count]);
  images.tensor.dispose();
  model.dispose();
});
