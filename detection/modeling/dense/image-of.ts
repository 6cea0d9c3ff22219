import * as tf from '@tensorflow/tfjs-core';

/** The map of one image [1, H, W, C] of a level [N, H, W, C]. A batch of one is its image. The caller disposes, or a tidy. */
export function imageOf(feature: tf.Tensor4D, image: number): tf.Tensor4D {
  return feature.shape[0] === 1 ? feature : tf.slice(feature, [image, 0, 0, 0], [1, -1, -1, -1]);
}
