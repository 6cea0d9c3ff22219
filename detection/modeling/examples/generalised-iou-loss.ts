import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean of 1 - generalised IoU (Rezatofighi et al. 2019) of corresponding boxes x1, y1, x2, y2 [N, 4], which is
 * 2 - intersection / union - union / hull. As torchvision's generalized_box_iou_loss, but for its epsilon: no union
 * may be empty.
 */
export function generalisedIouLoss(pred: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  const [a, b] = [tf.split(pred, 4, 1), tf.split(target, 4, 1)];
  const area = ([x1, y1, x2, y2]: tf.Tensor[]) => tf.mul(tf.relu(tf.sub(x2, x1)), tf.relu(tf.sub(y2, y1)));
  const inner = (k: number) => (k < 2 ? tf.maximum(a[k], b[k]) : tf.minimum(a[k], b[k]));
  const outer = (k: number) => (k < 2 ? tf.minimum(a[k], b[k]) : tf.maximum(a[k], b[k]));
  const intersection = area([0, 1, 2, 3].map(inner));
  const hull = area([0, 1, 2, 3].map(outer));
  const union = tf.sub(tf.add(area(a), area(b)), intersection);
  return tf.mean(tf.sub(2, tf.add(tf.div(intersection, union), tf.div(union, hull))));
}
