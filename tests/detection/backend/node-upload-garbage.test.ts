import * as tf from '@tensorflow/tfjs-core';
import { loadNativeBackend } from '../../../detection/backend/node';

const MEGABYTE = 2 ** 20;

beforeAll(() => loadNativeBackend());

/** Makes a tensor of that many bytes from a typed array, and has TensorFlow take it over. */
function upload(bytes: number): void {
  tf.tidy(() => void tf.neg(new Float32Array(bytes / 4)));
}

test('arrays that TensorFlow has copied do not stay beside its tensors', () => {
  const before = process.memoryUsage().arrayBuffers;
  const tensors = Array.from({ length: 70 }, () => tf.tensor1d(new Float32Array(MEGABYTE / 2)));
  // As the weights of a detector: all are there before the first of them is used.
  for (const tensor of tensors) tf.dispose(tf.neg(tensor));
  // 140 MB without a collection, and never more than 64 MB with it.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MEGABYTE);
  tf.dispose(tensors);
});

test('tensors keep their values where their arrays are collected', () => {
  const values = Float32Array.from({ length: 8 * MEGABYTE }, (_, i) => i % 1000);
  const tensor = tf.tensor1d(values);
  const doubled = tf.mul(tensor, 2);
  for (let i = 0; i < 5; i++) upload(20 * MEGABYTE);
  expect(tf.tidy(() => tf.max(tf.abs(tf.sub(tf.sub(doubled, tensor), tensor))).dataSync()[0])).toBe(0);
  expect(tf.tidy(() => tf.slice(tensor, 12_345, 3).dataSync())).toEqual(new Float32Array([345, 346, 347]));
  tf.dispose([tensor, doubled]);
});
