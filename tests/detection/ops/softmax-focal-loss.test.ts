import * as tf from '@tensorflow/tfjs-core';
import { softmaxFocalLossSum } from '../../../detection/ops/softmax-focal-loss';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { expectRowsClose, lossAndGradient, readLossGolden } from './loss-golden';

expectNoTensorLeaks();

describe('softmax focal loss', () => {
  const { softmax } = readLossGolden();
  const logits = Float32Array.from(softmax.logits.flat());
  const shape: [number, number] = [softmax.logits.length, softmax.logits[0].length];
  const labels = Int32Array.from(softmax.labels);
  const weights = Float32Array.from(labels, (label) => softmax.classWeights[label]);

  it.each(softmax.focal)('is what torch computes step by step, gamma $gamma', ({ gamma, loss, gradient }) => {
    const actual = lossAndGradient(logits, shape, (x) => softmaxFocalLossSum(x, labels, weights, gamma));
    expect(Math.abs(actual.loss - loss)).toBeLessThanOrEqual(1e-6 * loss);
    expectRowsClose(actual.gradient, gradient, 2e-6);
  });

  it("with gamma 0 and over the sum of the weights is torch's cross-entropy", () => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const actual = lossAndGradient(logits, shape, (x) =>
      tf.tidy(() => tf.div(softmaxFocalLossSum(x, labels, weights, 0), total)),
    );
    expect(Math.abs(actual.loss - softmax.crossEntropy.loss)).toBeLessThanOrEqual(
      1e-6 * softmax.crossEntropy.loss,
    );
    expectRowsClose(actual.gradient, softmax.crossEntropy.gradient, 2e-6);
  });

  it('of a label that is certain is 0 and so is its gradient, whatever gamma', () => {
    for (const gamma of [0.5, 1, 2]) {
      const { loss, gradient } = lossAndGradient(Float32Array.of(200, 0), [1, 2], (x) =>
        softmaxFocalLossSum(x, Int32Array.of(0), Float32Array.of(1), gamma),
      );
      expect(loss).toBeCloseTo(0, 30);
      gradient.forEach((slope) => expect(slope).toBeCloseTo(0, 30));
    }
  });
});
