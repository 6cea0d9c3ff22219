import * as tf from '@tensorflow/tfjs-core';
import { expectNoTensorLeaks } from '../tensor-leaks';

process.env['FASTER_RCNN_BACKEND'] = 'wasm';
expectNoTensorLeaks();

test('sums, also of nothing, over any axes', () => {
  expect(tf.getBackend()).toBe('wasm');
  tf.tidy(() => {
    const x = tf.tensor(
      Float32Array.from({ length: 24 }, (_, i) => i),
      [2, 3, 4],
    );
    const sums = (axis: number | number[] | undefined, keepDims = false) => {
      const sum = tf.sum(x, axis, keepDims);
      return [sum.shape, [...sum.dataSync()]];
    };
    expect(sums(undefined)).toEqual([[], [276]]);
    expect(sums([0, 2])).toEqual([[3], [60, 92, 124]]);
    expect(sums(-1, true)).toEqual([
      [2, 3, 1],
      [6, 22, 38, 54, 70, 86],
    ]);
    expect([...tf.sum(tf.tensor1d([3, 4], 'int32')).dataSync()]).toEqual([7]);
    expect(tf.sum(tf.tensor1d([3, 4], 'int32')).dtype).toBe('int32');
    // Memory that has held something else.
    for (let i = 0; i < 20; i++) tf.tidy(() => tf.fill([5], 1e9));
    expect([...tf.sum(tf.zeros([0, 5]), 0).dataSync()]).toEqual([0, 0, 0, 0, 0]);
  });
});

test('gathering of nothing, and nothing, keeps its shape', () => {
  tf.tidy(() => {
    expect(tf.gather(tf.zeros([0, 7, 7, 5]), tf.tensor1d([], 'int32')).shape).toEqual([0, 7, 7, 5]);
    expect(tf.gather(tf.zeros([3, 2]), tf.tensor1d([], 'int32')).shape).toEqual([0, 2]);
    expect([...tf.gather(tf.tensor1d([5, 6, 7]), tf.tensor1d([2, 0], 'int32')).dataSync()]).toEqual([7, 5]);
  });
});
