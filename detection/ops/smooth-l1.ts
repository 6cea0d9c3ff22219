import * as tf from '@tensorflow/tfjs-core';
import { noGradient } from '../nn/tfjs-internals';

/**
 * Of each element torch's smooth L1: d^2 / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere. Written with minimum rather
 * than where: comparisons have no gradient function in tfjs. Any shape. The caller disposes.
 */
export function smoothL1(pred: tf.Tensor, target: tf.Tensor, beta: number): tf.Tensor {
  return tf.tidy(() => {
    const distance = tf.abs(tf.sub(pred, target));
    const near = tf.minimum(distance, beta);
    return tf.add(tf.div(tf.square(near), 2 * beta), tf.sub(distance, near));
  });
}

/** Its sum; none at all sums to 0. */
export function smoothL1Sum(pred: tf.Tensor, target: tf.Tensor, beta: number): tf.Scalar {
  return tf.tidy(() => tf.sum(smoothL1(pred, target, beta)));
}

/** Of each element torch's L1, |d|, with its slope of 0 at 0. Any shape. The caller disposes. */
export function l1(pred: tf.Tensor, target: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const distance = tf.sub(pred, target);
    const slope = noGradient(() => tf.sign(distance));
    return tf.mul(distance, slope);
  });
}

/** Its sum; none at all sums to 0. */
export function l1Sum(pred: tf.Tensor, target: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.sum(l1(pred, target)));
}
