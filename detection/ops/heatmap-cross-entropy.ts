import * as tf from '@tensorflow/tfjs-core';
import type { HeatmapCells } from './keypoints-to-heatmap';
import { softmaxFocalLossSum } from './softmax-focal-loss';

/**
 * Sum over the valid keypoints of the cross-entropy of their cell among all cells of their heatmap. The caller disposes.
 *
 * @param heatmaps [R, size, size, K] logits
 * @param wanted of the same R objects and K keypoints, one valid at least
 */
export function heatmapCrossEntropySum(heatmaps: tf.Tensor4D, { cells, valid }: HeatmapCells): tf.Scalar {
  return tf.tidy(() => {
    const [, height, width] = heatmaps.shape;
    const rows = Int32Array.from(valid.keys()).filter((row) => valid[row] === 1);
    // (R, size, size, K) -> (R, K, size, size) -> (R*K, cells) -> (valid, cells)
    const flat = tf.reshape<tf.Rank.R2>(tf.transpose(heatmaps, [0, 3, 1, 2]), [valid.length, height * width]);
    const logits = tf.gather(flat, tf.tensor1d(rows, 'int32'));
    const labels = rows.map((row) => cells[row]);
    return softmaxFocalLossSum(logits, labels, new Float32Array(rows.length).fill(1), 0);
  });
}
