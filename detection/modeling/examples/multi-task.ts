import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import { linear, type Linear } from '../../nn/linear';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { Model } from './model';
import { crossEntropy } from './classifier';

/** Points [N, 2]. Each task has targets for some of them, or for none. */
export interface MultiTaskBatch {
  readonly points: tf.Tensor2D;
  /** Which points have a side, and which side. */
  readonly sides?: { readonly samples: Int32Array; readonly labels: Int32Array };
  /** Which points have a radius, and its value. */
  readonly radii?: { readonly samples: Int32Array; readonly values: Float32Array };
}

export interface MultiTaskPredictions {
  readonly sides: Int32Array;
  readonly radii: Float32Array;
}

const HIDDEN_FEATURES = 32;

/**
 * Claim: with many optional losses, a separate loss function repeats the branches of the model.
 *
 * Whether a task takes part in a batch, and with which samples, is decided in one `if` a task here. In
 * separated-multi-task.ts the same decisions are made three times.
 */
export class MultiTask extends Model<MultiTaskBatch, tf.Tensor2D, MultiTaskPredictions> {
  readonly body: Linear;
  readonly side: Linear;
  readonly radius: Linear;

  constructor(random: RandomStream) {
    super();
    this.body = this.child('body', linear(2, HIDDEN_FEATURES, random));
    this.side = this.child('side', linear(HIDDEN_FEATURES, 2, random));
    this.radius = this.child('radius', linear(HIDDEN_FEATURES, 1, random));
  }

  override losses({ points, sides, radii }: MultiTaskBatch): Losses {
    return tf.tidy(() => {
      const features = this.body.forward(points, { relu: true });
      const losses: Losses = {};
      if (sides) {
        const logits = this.side.forward(tf.gather(features, sides.samples));
        losses['loss_side'] = crossEntropy(logits, sides.labels);
      }
      if (radii) {
        const predicted = this.radius.forward(tf.gather(features, radii.samples));
        losses['loss_radius'] = squaredError(predicted, tf.tensor2d(radii.values, predicted.shape));
      }
      return losses;
    });
  }

  override predict(points: tf.Tensor2D): MultiTaskPredictions {
    return disposingAll(() => {
      const features = this.body.forward(points, { relu: true });
      return {
        sides: tf.argMax(this.side.forward(features), 1).dataSync<'int32'>(),
        radii: this.radius.forward(features).dataSync<'float32'>(),
      };
    });
  }
}

/** Mean of squared differences. Shapes broadcast, as everywhere in TensorFlow. */
export function squaredError(outputs: tf.Tensor, targets: tf.Tensor): tf.Scalar {
  return tf.mean(tf.squaredDifference(outputs, targets));
}
