import * as tf from '@tensorflow/tfjs-core';

/** A tensor in a few numbers; positions are those of torch's layout, NCHW. */
export interface TensorSummary {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly absSum: number;
  /** Values at eight positions that are spread evenly. */
  readonly sample: readonly number[];
}

const SAMPLED_VALUES = 8;

/** Of a feature map [N, H, W, C]. */
export function summarizeMap(nhwc: tf.Tensor4D): TensorSummary {
  const nchw = tf.transpose(nhwc, [0, 3, 1, 2]);
  const summary = summarize(nchw);
  nchw.dispose();
  return summary;
}

/** Of a tensor that has torch's layout. */
export function summarize(tensor: tf.Tensor): TensorSummary {
  return summarizeValues(tensor.dataSync<'float32'>(), tensor.shape);
}

export function summarizeValues(values: Float32Array, shape: readonly number[]): TensorSummary {
  let [sum, absSum] = [0, 0];
  for (const value of values) {
    sum += value;
    absSum += value < 0 ? -value : value;
  }
  const sample = Array.from(
    { length: SAMPLED_VALUES },
    (_, k) => values[Math.floor(((2 * k + 1) * values.length) / (2 * SAMPLED_VALUES))],
  );
  return { shape, sum, absSum, sample };
}
