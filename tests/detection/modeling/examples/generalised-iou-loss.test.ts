import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { generalisedIouLoss } from '../../../../detection/modeling/examples/generalised-iou-loss';

beforeAll(() => loadBackend());

describe('generalisedIouLoss', () => {
  it.each([
    ['equal boxes', [0, 0, 2, 1], [0, 0, 2, 1], 0],
    ['overlapping boxes', [0, 0, 2, 2], [1, 1, 3, 3], 2 - 1 / 7 - 7 / 9],
    ['disjoint boxes', [0, 0, 1, 1], [2, 0, 3, 1], 2 - 2 / 3],
  ])('of %s', (_, a, b, expected) => {
    const loss = tf.tidy(() => generalisedIouLoss(tf.tensor2d([a]), tf.tensor2d([b])).dataSync()[0]);
    expect(loss).toBeCloseTo(expected, 6);
  });
});
