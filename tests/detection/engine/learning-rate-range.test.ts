import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import {
  exponential,
  LearningRateRange,
  MIN_RANGE_STEPS,
  steepestDescent,
  tenthOfLowest,
  type RangePoint,
} from '../../../detection/engine/learning-rate-range';
import type { Trainable } from '../../../detection/nn/trainable';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { Parameter } from '../../../detection/nn/module';

beforeAll(() => loadBackend());

test('rates rise by the same factor from end to end', () => {
  const schedule = exponential(1e-7, 10, 5);
  const rates = [0, 1, 2, 3, 4].map(schedule);
  [1e-7, 1e-5, 1e-3, 0.1, 10].forEach((rate, k) => expect(rates[k] / rate).toBeCloseTo(1, 12));
  expect(exponential(0.1, 10, 1)(0)).toBe(0.1);
});

/** A parabola, 1/2 * x^2 + 1 from x = 10: gradient descent is stable up to a learning rate of 2. */
async function parabola(steps: number): Promise<{ points: readonly RangePoint[]; iteration: number }> {
  const x = new Parameter(tf.scalar(10), 'same', true);
  const model: Trainable<null> = {
    losses: () => ({ loss: tf.tidy(() => tf.add<tf.Scalar>(tf.mul(0.5, tf.square(x.value)), 1)) }),
    namedParameters: () => [['x', x]],
    namedBuffers: () => [],
    randomStreams: () => [],
  };
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const range = new LearningRateRange();
  const { iteration } = await train(new Array<null>(steps).fill(null), model, {
    optimizer,
    learningRate: exponential(1e-4, 1e3, steps),
    iterations: steps,
    hooks: [range],
  });
  x.dispose();
  optimizer.dispose();
  return { points: range.points, iteration };
}

test('follows a training until its loss explodes', async () => {
  const { numTensors } = tf.memory();
  const { points, iteration } = await parabola(100);
  expect(points.length).toBe(iteration);
  expect(iteration).toBeLessThan(100);
  // fastai's LRFinder: an average with 0.98 of the past, corrected for its beginning at 0; the end at 4 times the best.
  let average = 0;
  points.forEach(({ loss, smoothedLoss, learningRate }, k) => {
    average = 0.98 * average + 0.02 * loss;
    expect(smoothedLoss).toBeCloseTo(average / (1 - 0.98 ** (k + 1)), 9);
    expect(learningRate / exponential(1e-4, 1e3, 100)(k)).toBeCloseTo(1, 6);
  });
  const smoothed = points.map(({ smoothedLoss }) => smoothedLoss);
  const tooMuch = smoothed.map((loss, k) => loss > 4 * Math.min(...smoothed.slice(0, k + 1)));
  expect(tooMuch.indexOf(true)).toBe(points.length - 1);
  // Descent is fastest somewhere between the rates that do nothing and those that do not converge.
  const suggestion = steepestDescent(points)!;
  expect(suggestion).toBeGreaterThan(0.01);
  expect(suggestion).toBeLessThan(1);
  const lowest = points[smoothed.indexOf(Math.min(...smoothed))];
  expect(tenthOfLowest(points)).toBe(lowest.learningRate / 10);
  expect(tenthOfLowest([])).toBeUndefined();
  expect(tf.memory().numTensors).toBe(numTensors);
});

describe('the steepest descent', () => {
  const pointsOf = (losses: readonly number[]): RangePoint[] =>
    losses.map((loss, k) => ({ learningRate: 10 ** (k - 10), loss, smoothedLoss: loss }));

  test('is where the loss falls fastest over the logarithm of the rate, but for both ends', () => {
    // The fall at the beginning is noise, the one at the end comes after the explosion began.
    const losses = [9, 5, 5, 4.9, 4.5, 3, 2.9, 2.8, 2.8, 2.8, 2.9, 3, 3.1, 9, 1];
    expect(steepestDescent(pointsOf(losses))).toBe(10 ** (4 - 10));
  });

  test('takes a smallest number of steps to be found', () => {
    const falling = pointsOf([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(steepestDescent(falling.slice(0, MIN_RANGE_STEPS))).toBe(1e-10);
    expect(steepestDescent(falling.slice(0, MIN_RANGE_STEPS - 1))).toBeUndefined();
  });

  test('is nowhere where the loss never falls', () => {
    expect(steepestDescent(pointsOf([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]))).toBeUndefined();
    expect(steepestDescent(pointsOf([3, 2, 1]))).toBeUndefined();
    expect(steepestDescent([])).toBeUndefined();
  });
});
