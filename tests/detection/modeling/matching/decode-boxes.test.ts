import * as tf from '@tensorflow/tfjs-core';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { decodeBoxes } from '../../../../detection/modeling/matching/decode-boxes';
import { expectRowsClose, lossAndGradient, readLossGolden } from '../../ops/loss-golden';
import { randomBoxes } from '../../random-boxes';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

describe('decoded boxes', () => {
  const { decoding } = readLossGolden();
  const boxes = Float32Array.from(decoding.boxes.flat());
  const deltas = Float32Array.from(decoding.deltas.flat());

  it.each(decoding.results)("are torchvision's, and so is their gradient: weights $weights", (golden) => {
    const coder = new BoxCoder(golden.weights);
    const decoded = tf.tidy(() => decodeBoxes(tf.tensor2d(deltas, [5, 4]), boxes, coder).dataSync());
    expectRowsClose(decoded as Float32Array, golden.boxes, 3e-7);
    const { gradient } = lossAndGradient(deltas, [5, 4], (x) =>
      tf.tidy(() => tf.sum(tf.mul(decodeBoxes(x, boxes, coder), tf.tensor2d(golden.factors.flat(), [5, 4])))),
    );
    expectRowsClose(gradient, golden.gradient, 1e-6);
  });

  it("are the coder's", () => {
    const coder = new BoxCoder([10, 10, 5, 5]);
    const references = randomBoxes(50, 3);
    const random = Float32Array.from({ length: 200 }, (_, i) => 3 * Math.sin(i * i));
    const decoded = tf.tidy(() => decodeBoxes(tf.tensor2d(random, [50, 4]), references, coder).dataSync());
    const expected = coder.decode(random, references);
    expected.forEach((side, i) =>
      expect(Math.abs(decoded[i] - side)).toBeLessThanOrEqual(2e-6 * Math.abs(side) + 1e-6),
    );
  });

  it('of none are none', () => {
    const none = new Float32Array();
    const { loss, gradient } = lossAndGradient(none, [0, 4], (x) =>
      tf.tidy(() => tf.sum(decodeBoxes(x, none, new BoxCoder([1, 1, 1, 1])))),
    );
    expect(loss).toBe(0);
    expect(gradient).toHaveLength(0);
  });
});
