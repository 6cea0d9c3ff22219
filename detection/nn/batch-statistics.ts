/**
 * Sums of batch normalization. TensorFlow's own kernel adds up a channel's values in float32 one after another, which
 * loses a hundredfold more than float32 has to: over 2x160x216 values the variance was off by 8e-6, and the gradients
 * of fasterrcnn_resnet50_fpn_v2 by 1e-3 in the middle and 1.6e-2 at worst (torch in float32: 1.6e-4 and 2.7e-3; it
 * adds up in float64). Here values are added up in about sqrt(count) parts, and then these.
 */
import * as tf from '@tensorflow/tfjs-core';
import { runKernelMany } from './kernels';

/**
 * What channels are normalized together: takes a value of each channel [C] to the mean over those that are normalized with it,
 * [C]. Each alone in batch norm.
 */
export type Pooling = (ofChannels: tf.Tensor1D) => tf.Tensor1D;

const eachAlone: Pooling = (ofChannels) => ofChannels;

/** Mean and biased variance by which each channel is normalized, [C]. */
export interface BatchStatistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** Of x [N, H, W, C]. The caller disposes. */
export function batchStatistics(x: tf.Tensor4D, pool = eachAlone): BatchStatistics {
  return tf.tidy(() => {
    const channels = x.shape[3];
    const parts = numParts(x);
    const values = tf.reshape<tf.Rank.R2>(x, [-1, parts * channels]);
    const average = (terms: tf.Tensor): tf.Tensor1D =>
      pool(tf.mean(tf.reshape(tf.mean(terms, 0), [parts, channels]), 0));
    const mean = average(values);
    return { mean, variance: average(tf.squaredDifference(values, tf.tile(mean, [parts]))) };
  });
}

/**
 * Gradients of (x - mean) / sqrt(variance + epsilon) * scale + offset, where mean and variance depend on x too. The
 * caller disposes.
 *
 * @param dy [N, H, W, C], as x.
 * @param scale [C]
 */
export function batchNormGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  { mean, variance }: BatchStatistics,
  scale: tf.Tensor1D,
  epsilon: number,
  pool = eachAlone,
): { dx: tf.Tensor4D; dScale: tf.Tensor1D; dOffset: tf.Tensor1D } {
  return tf.tidy(() => {
    const channels = x.shape[3];
    const parts = numParts(x);
    const asParts = (tensor: tf.Tensor4D): tf.Tensor => tf.reshape(tensor, [-1, 1, 1, parts * channels]);
    const forParts = (vector: tf.Tensor1D): tf.Tensor => tf.tile(vector, [parts]);
    // As if mean and variance were constants: dx is dy * scale / sqrt(variance + epsilon).
    const [direct, dScales, dOffsets] = runKernelMany(
      'BatchNormInferenceGrad',
      {
        dy: asParts(dy),
        x: asParts(x),
        scale: forParts(scale),
        mean: forParts(mean),
        variance: forParts(variance),
      },
      { epsilon },
    );
    const total = (ofParts: tf.Tensor): tf.Tensor1D => tf.sum(tf.reshape(ofParts, [parts, channels]), 0);
    const dScale = total(dScales);
    const dOffset = total(dOffsets);
    // What comes by way of mean and variance: -(dOffset + normalized * dScale) / count, times the same factor.
    const count = x.size / channels;
    const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
    const share = (gradient: tf.Tensor1D): tf.Tensor1D => pool(tf.div(tf.mul(gradient, factor), -count));
    const byStatistics = tf.batchNorm4d(x, mean, variance, share(dOffset), share(dScale), epsilon);
    return { dx: tf.add(tf.reshape(direct, x.shape), byStatistics), dScale, dOffset };
  });
}

/** The largest divisor of the number of values of a channel that is not above its square root. */
function numParts(x: tf.Tensor4D): number {
  const count = x.size / x.shape[3];
  let parts = Math.floor(Math.sqrt(count));
  while (count % parts !== 0) parts--;
  return parts;
}
