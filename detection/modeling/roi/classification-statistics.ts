import type * as tf from '@tensorflow/tfjs-core';

/**
 * How well ROIs are classified: detectron2's _log_classification_stats, under its names. Numbers about the foreground
 * are left out where there is none.
 *
 * @param classLogits [R, K + 1]
 * @param labels [R], 0 is background
 * @param prefix of the names
 */
export function classificationStatistics(
  classLogits: tf.Tensor2D,
  labels: Int32Array,
  prefix = '',
): Record<string, number> {
  const logits = classLogits.dataSync<'float32'>();
  const numLabels = classLogits.shape[1];
  let [right, foreground, foregroundRight, takenForBackground] = [0, 0, 0, 0];
  labels.forEach((label, roi) => {
    let best = 0;
    const row = roi * numLabels;
    for (let k = 1; k < numLabels; k++) if (logits[row + k] > logits[row + best]) best = k;
    if (best === label) right++;
    if (label === 0) return;
    foreground++;
    if (best === label) foregroundRight++;
    if (best === 0) takenForBackground++;
  });
  return {
    ...(labels.length > 0 && { [`${prefix}fast_rcnn/cls_accuracy`]: right / labels.length }),
    ...(foreground > 0 && {
      [`${prefix}fast_rcnn/fg_cls_accuracy`]: foregroundRight / foreground,
      [`${prefix}fast_rcnn/false_negative`]: takenForBackground / foreground,
    }),
  };
}
