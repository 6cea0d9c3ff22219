import type * as tf from '@tensorflow/tfjs-core';
import { RegionHead } from './region-head';

/** The type says how many numbers there are, and not what they stand for. */
export interface RegionOutputs {
  /** [N, classes] */
  readonly classes: tf.Tensor2D;
  /** [N, 4] */
  readonly boxes: tf.Tensor2D;
}

/**
 * region-head.ts, separated: the representations leave the model, for loss functions that its author has never seen.
 *
 * Offsets and corners are both [N, 4], and indices broadcast against one-hot rows: a loss function for the wrong one
 * runs, is finite, and falls. tests/detection/modeling/examples/region-head.test.ts trains such heads.
 */
export class SeparatedRegionHead extends RegionHead {
  forward(features: tf.Tensor2D): RegionOutputs {
    const { logits, offsets } = this.represent(features);
    return { classes: logits, boxes: offsets };
  }
}
