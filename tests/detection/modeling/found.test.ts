import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { inOriginalPixels } from '../../../detection/modeling/found';

beforeAll(async () => {
  await loadBackend();
});

test('what was found comes to pixels of its own original image, along each axis, and nothing else changes', () => {
  const tensor: tf.Tensor4D = tf.zeros([2, 32, 64, 3]);
  const images = {
    tensor,
    sizes: [
      { height: 32, width: 64 },
      { height: 30, width: 40 },
    ],
    originalSizes: [
      { height: 16, width: 128 },
      { height: 60, width: 80 },
    ],
  };
  const [scores, labels] = [Float32Array.of(0.5), Int32Array.of(3)];
  const found = [1, 2].map(() => ({ boxes: Float32Array.of(1, 2, 3, 4), scores, labels }));
  expect(inOriginalPixels(found, images)).toEqual([
    { boxes: Float32Array.of(2, 1, 6, 2), scores, labels },
    { boxes: Float32Array.of(2, 4, 6, 8), scores, labels },
  ]);
  tensor.dispose();
});
