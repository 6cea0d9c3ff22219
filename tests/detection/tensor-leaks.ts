import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';

/** Loads the backend for the tests of a file, each of which has to leave as many tensors as it has found. */
export function expectNoTensorLeaks(): void {
  let before: number;
  beforeAll(async () => {
    await loadBackend();
  });
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(before);
  });
}
