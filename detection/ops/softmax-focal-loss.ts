import * as tf from '@tensorflow/tfjs-core';
import { noGradient, recordOperation } from '../nn/tfjs-internals';

/** Keeps log(p) / (1 - p) finite where p is 1 and the slope 0. */
const SMALLEST = 1e-30;

/**
 * Sum over rows of weight * (1 - p)^gamma * -log(p), p being the softmax probability of the row's label: cross-entropy
 * with gamma 0, else the focal loss (Lin et al. 2017) of classes that exclude one another. One operation of the tape. The
 * caller disposes.
 *
 * @param logits [R, K]
 * @param labels [R] columns
 * @param weights [R]
 * @param gamma 0 or more
 */
export function softmaxFocalLossSum(
  logits: tf.Tensor2D,
  labels: Int32Array,
  weights: Float32Array,
  gamma: number,
): tf.Scalar {
  return tf.tidy(() => {
    const [sum, slopes] = noGradient((): [tf.Scalar, tf.Tensor] => {
      const { isLabel, logProbabilities, logP, rest, factors } = parts(logits, labels, weights, gamma);
      // By log p: d/dl (1 - e^l)^gamma * -l, over (1 - e^l)^gamma.
      const ofFocus = tf.div(tf.mul(tf.exp(logP), logP), tf.maximum(rest, SMALLEST));
      const byLogP = tf.mul(factors, tf.sub(tf.mul(gamma, ofFocus), 1));
      return [
        tf.neg(tf.sum<tf.Scalar>(tf.mul(factors, logP))),
        tf.mul(byLogP, tf.sub(isLabel, tf.exp(logProbabilities))),
      ];
    });
    recordOperation('SoftmaxFocalLoss', { logits }, sum, [slopes], (dy, [saved]) => ({
      logits: () => tf.mul(saved, dy),
    }));
    return sum;
  });
}

/** The same of each row: [R, 1], not differentiated. The caller disposes. */
export function softmaxFocalLossOfRows(
  logits: tf.Tensor2D,
  labels: Int32Array,
  weights: Float32Array,
  gamma: number,
): tf.Tensor {
  return tf.tidy(() =>
    noGradient(() => {
      const { factors, logP } = parts(logits, labels, weights, gamma);
      return tf.neg(tf.mul(factors, logP));
    }),
  );
}

/** What a row's loss, -factors * logP, is made of: [R, 1], or [R, K] of `isLabel` and `logProbabilities`. To be called in a tidy. */
function parts(logits: tf.Tensor2D, labels: Int32Array, weights: Float32Array, gamma: number) {
  const isLabel = tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]);
  const logProbabilities = tf.logSoftmax(logits);
  const logP = tf.sum(tf.mul(logProbabilities, isLabel), 1, true);
  const rest = tf.neg(tf.expm1(logP));
  const factors = tf.mul(tf.pow(rest, gamma), tf.tensor2d(weights, [weights.length, 1]));
  return { isLabel, logProbabilities, logP, rest, factors };
}
