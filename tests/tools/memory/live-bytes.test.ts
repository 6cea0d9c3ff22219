import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { Sgd } from '../../../detection/engine/sgd';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { LiveBytesMeter } from '../../../tools/memory/live-bytes';

const KB = 1000;
let meter: LiveBytesMeter;
beforeAll(async () => {
  await loadBackend();
});
beforeEach(() => {
  meter = LiveBytesMeter.start();
});
afterEach(() => {
  meter.stop();
});

test('counts a buffer once, however many clones, reshapes and variables share it', () => {
  const x = tf.zeros([250, 2]);
  const row = tf.reshape(x, [500]);
  const clone = tf.clone(row);
  const variable = tf.variable(x);
  expect(meter.bytes).toBe(2 * KB);
  tf.dispose([x, clone, variable]);
  expect(meter.bytes).toBe(2 * KB);
  row.dispose();
  expect(meter.bytes).toBe(0);
});

test('knows the high-water mark, what was alive then, and in which half of the step', () => {
  const parameter = new Parameter(tf.ones([250]), 'same', true);
  const exponential = () => tf.tidy(() => tf.exp(tf.concat([parameter.value, parameter.value])));
  exponential().dispose();
  // The parameter, both halves together, their exponential.
  expect(meter.highWaterMark).toMatchObject({ bytes: 5 * KB, kernel: 'Exp', shape: [500], inForward: false });
  expect(meter.highWaterMark?.groups).toEqual([
    { kernel: 'Concat', shape: [500], count: 1, bytes: 2 * KB },
    { kernel: 'Exp', shape: [500], count: 1, bytes: 2 * KB },
    { kernel: undefined, shape: [250], count: 1, bytes: KB },
  ]);
  meter.resetHighWaterMark();
  const { losses, gradients } = lossesAndGradients(
    () => ({ loss: tf.sum(exponential()) }),
    [['parameter', parameter]],
  );
  expect(meter.highWaterMark?.inForward).toBe(false);
  expect(meter.highWaterMark?.bytes).toBeGreaterThan(5 * KB);
  tf.dispose([losses, [...gradients.values()]]);
  expect(meter.bytes).toBe(KB);
  parameter.dispose();
  expect(meter.bytes).toBe(0);
});

test('sees nothing any more once it is stopped', () => {
  meter.stop();
  const x = tf.square(tf.ones([250]));
  expect(meter.bytes).toBe(0);
  x.dispose();
});

test('a step of SGD works in the memory of the parameter and of its buffer', () => {
  const parameter = new Parameter(tf.zeros([250]), 'same', true);
  const optimizer = new Sgd([['p', parameter]], { momentum: 0.9, weightDecay: 0.1 });
  const gradient = tf.ones([250]);
  const step = () => optimizer.step(new Map([['p', gradient]]), 0.1);
  step();
  expect(meter.bytes).toBe(3 * KB);
  meter.resetHighWaterMark();
  step();
  expect(meter.bytes).toBe(3 * KB);
  // Scalars and handles beside them.
  expect(meter.highWaterMark!.bytes).toBeLessThan(3.1 * KB);
  gradient.dispose();
  optimizer.dispose();
  parameter.dispose();
  expect(meter.bytes).toBe(0);
});
