import type * as tf from '@tensorflow/tfjs-core';
import type { Size } from './size';

/**
 * Images as a model takes them: normalised, resized, padded with zeros at the right and the bottom to one
 * common size that is a multiple of 32 (torchvision's ImageList).
 */
export interface ImageBatch {
  /** [N, H, W, 3]. Whoever made the batch disposes it. */
  readonly tensor: tf.Tensor4D;
  /** Size of each image after resizing, before padding. Boxes are clipped to it. */
  readonly sizes: readonly Size[];
  /** Size of each image as stored. Detections are given in its pixels. */
  readonly originalSizes: readonly Size[];
}
