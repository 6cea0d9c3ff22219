import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { loadBackend } from '../../../../detection/backend/node';
import { DistanceCoder } from '../../../../detection/modeling/matching/distance-coder';
import { expectNoTensorLeaks } from '../../tensor-leaks';

beforeAll(() => loadBackend());
expectNoTensorLeaks();

const coder = new DistanceCoder();
const anchors = Float32Array.of(-4, -4, 4, 4, 60, 28, 68, 36);
const gtBoxes = Float32Array.of(-6, -2, 10, 4, 50, 40, 70, 60);

test('distances are in sides of the anchor, from its middle, and negative outside', () => {
  expect([...coder.encode(gtBoxes, anchors)]).toEqual([0.75, 0.25, 1.25, 0.5, 1.75, -1, 0.75, 3.5]);
});

test('decoding is the inverse, number by number and as tensors', () => {
  const distances = coder.encode(gtBoxes, anchors);
  const decoded = new Float32Array(8);
  for (let i = 0; i < 2; i++) coder.decodeInto(decoded, i, distances, i, anchors, i);
  expect(decoded).toEqual(gtBoxes);
  const values = tf.tidy(() => coder.decode(tf.tensor2d(distances, [2, 4]), anchors).dataSync<'float32'>());
  expect(values).toEqual(gtBoxes);
});

test('both ways of decoding round alike', () => {
  const number = fc.float({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.tuple(number, number, number, number), ([left, top, right, bottom]) => {
      const distances = Float32Array.of(left, top, right, bottom);
      const anchor = Float32Array.of(3, 5, 11, 13);
      const decoded = new Float32Array(4);
      coder.decodeInto(decoded, 0, distances, 0, anchor, 0);
      const values = tf.tidy(() =>
        coder.decode(tf.tensor2d(distances, [1, 4]), anchor).dataSync<'float32'>(),
      );
      expect([...values].map((value) => value + 0)).toEqual([...decoded].map((value) => value + 0));
    }),
    { numRuns: 100 },
  );
});
