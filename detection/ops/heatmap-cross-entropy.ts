import * as tf from '@tensorflow/tfjs-core';
import type { HeatmapCells } from './keypoints-to-heatmap';
import { softmaxFocalLossOfRows, softmaxFocalLossSum } from './softmax-focal-loss';

/**
 * Sum over the valid keypoints of the cross-entropy of their cell among all cells of their heatmap. The caller disposes.
 *
 * @param heatmaps [R, size, size, K] logits
 * @param wanted of the same R objects and K keypoints, one valid at least
 */
export function heatmapCrossEntropySum(heatmaps: tf.Tensor4D, wanted: HeatmapCells): tf.Scalar {
  return tf.tidy(() => softmaxFocalLossSum(...validRows(heatmaps, wanted)));
}

/** The same of each object: [R], not differentiated. The caller disposes. */
export function heatmapCrossEntropyOfObjects(heatmaps: tf.Tensor4D, wanted: HeatmapCells): tf.Tensor1D {
  return tf.tidy(() => {
    const [numObjects, , , numKeypoints] = heatmaps.shape;
    const rows = validIndices(wanted);
    const losses = softmaxFocalLossOfRows(...validRows(heatmaps, wanted));
    const objects = rows.map((row) => Math.floor(row / numKeypoints));
    const indices = tf.tensor2d(objects, [rows.length, 1]);
    return tf.scatterND<tf.Rank.R1>(indices, tf.reshape(losses, [-1]), [numObjects]);
  });
}

/** Logits, labels, weights and gamma of the valid keypoints, a row each. To be called in a tidy. */
function validRows(
  heatmaps: tf.Tensor4D,
  wanted: HeatmapCells,
): [logits: tf.Tensor2D, labels: Int32Array, weights: Float32Array, gamma: number] {
  const [, height, width] = heatmaps.shape;
  const rows = validIndices(wanted);
  // (R, size, size, K) -> (R, K, size, size) -> (R*K, cells) -> (valid, cells)
  const flat = tf.reshape<tf.Rank.R2>(tf.transpose(heatmaps, [0, 3, 1, 2]), [
    wanted.valid.length,
    height * width,
  ]);
  const logits = tf.gather(flat, tf.tensor1d(rows, 'int32'));
  return [logits, rows.map((row) => wanted.cells[row]), new Float32Array(rows.length).fill(1), 0];
}

function validIndices({ valid }: HeatmapCells): Int32Array {
  return Int32Array.from(valid.keys()).filter((row) => valid[row] === 1);
}
