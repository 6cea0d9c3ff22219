import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { batchNormGradient, batchStatistics } from '../../../detection/nn/batch-statistics';
import { disposingAll } from '../../../detection/nn/scope';
import { RandomStream } from '../../../detection/nn/random';

beforeAll(loadBackend);

const EPSILON = 1e-5;
const CHANNELS = 3;

/** The same in float64, by the definition. */
function reference(x: Float32Array, dy: Float32Array, scale: readonly number[]) {
  const count = x.length / CHANNELS;
  const sums = (term: (i: number, channel: number) => number): number[] => {
    const result = Array<number>(CHANNELS).fill(0);
    x.forEach((_, i) => (result[i % CHANNELS] += term(i, i % CHANNELS)));
    return result;
  };
  const mean = sums((i) => x[i] / count);
  const variance = sums((i, channel) => (x[i] - mean[channel]) ** 2 / count);
  const inverse = variance.map((value) => 1 / Math.sqrt(value + EPSILON));
  const normalized = (i: number, channel: number): number => (x[i] - mean[channel]) * inverse[channel];
  const dOffset = sums((i) => dy[i]);
  const dScale = sums((i, channel) => dy[i] * normalized(i, channel));
  const dx = Array.from(x, (_, i) => {
    const channel = i % CHANNELS;
    const byStatistics = (dOffset[channel] + normalized(i, channel) * dScale[channel]) / count;
    return scale[channel] * inverse[channel] * (dy[i] - byStatistics);
  });
  return { mean, variance, dOffset, dScale, dx };
}

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i] - value)), 0);
}

describe('sums of batch normalization', () => {
  test.each([
    ['many values', [2, 160, 216]],
    ['a prime number of regions', [1021, 7, 7]],
    ['two', [1, 1, 2]],
    ['one', [1, 1, 1]],
  ])('%s lose no more than float32 has to', (_, [images, height, width]) => {
    const shape = [images, height, width, CHANNELS] as [number, number, number, number];
    const random = new RandomStream(3, 'batch-statistics');
    const size = images * height * width * CHANNELS;
    // Away from zero, as what a ReLU lets through is.
    const values = Float32Array.from({ length: size }, () => 1 + 2 * random.uniform());
    const gradients = Float32Array.from({ length: size }, () => random.uniform() - 0.4);
    const scale = [0.5, 1, -2];
    const expected = reference(values, gradients, scale);
    const before = tf.memory().numTensors;
    const actual = disposingAll(() => {
      const x = tf.tensor4d(values, shape);
      const statistics = batchStatistics(x);
      const { dx, dScale, dOffset } = batchNormGradient(
        tf.tensor4d(gradients, shape),
        x,
        statistics,
        tf.tensor1d(scale),
        EPSILON,
      );
      return {
        mean: statistics.mean.dataSync(),
        variance: statistics.variance.dataSync(),
        dx: dx.dataSync(),
        dScale: dScale.dataSync(),
        dOffset: dOffset.dataSync(),
      };
    });
    expect(tf.memory().numTensors).toBe(before);
    const count = size / CHANNELS;
    expect(largestDifference(actual.mean, expected.mean)).toBeLessThan(1e-6);
    expect(largestDifference(actual.variance, expected.variance)).toBeLessThan(1e-6);
    expect(largestDifference(actual.dOffset, expected.dOffset)).toBeLessThan(1e-6 * count);
    expect(largestDifference(actual.dScale, expected.dScale)).toBeLessThan(1e-6 * count);
    expect(largestDifference(actual.dx, expected.dx)).toBeLessThan(5e-6);
  });
});
