import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import { ModuleList } from '../../nn/containers';
import { linear, type Linear } from '../../nn/linear';
import type { RandomStream } from '../../nn/random';
import { Model } from './model';
import { classesOf, crossEntropy, type LabeledPoints } from './classifier';

const HIDDEN_FEATURES = [32, 32];

/**
 * Claim: losses of activations happen during the forward.
 *
 * A classifier whose hidden activations are to be sparse: each is penalized where it arises, and then forgotten. A
 * separated loss function would need every hidden activation among the outputs, kept until it has run.
 */
export class SparseClassifier extends Model<LabeledPoints, tf.Tensor2D, Int32Array> {
  private readonly hidden: ModuleList<Linear>;
  private readonly classifier: Linear;

  constructor(
    numClasses: number,
    /** Factor of the sum of the layers' mean absolute activations. */
    private readonly activationPenalty: number,
    random: RandomStream,
  ) {
    super();
    const widths = [2, ...HIDDEN_FEATURES];
    const layers = HIDDEN_FEATURES.map((width, i) => linear(widths[i], width, random));
    this.hidden = this.child('hidden', new ModuleList(layers));
    this.classifier = this.child('classifier', linear(widths[layers.length], numClasses, random));
  }

  override losses({ inputs, targets }: LabeledPoints): Losses {
    return tf.tidy(() => {
      const penalties: tf.Scalar[] = [];
      const logits = this.forward(inputs, (activation) => penalties.push(tf.mean(tf.abs(activation))));
      const loss_activation = tf.mul<tf.Scalar>(tf.addN(penalties), this.activationPenalty);
      return { loss_classifier: crossEntropy(logits, targets), loss_activation };
    });
  }

  override predict(points: tf.Tensor2D): Int32Array {
    return classesOf(() => this.forward(points));
  }

  /** Points [N, 2] -> logits [N, classes]; `visit` sees each hidden activation [N, width] as it arises. */
  forward(points: tf.Tensor2D, visit?: (activation: tf.Tensor2D) => void): tf.Tensor2D {
    let x = points;
    for (const layer of this.hidden.items) {
      x = layer.forward(x, { relu: true });
      visit?.(x);
    }
    return this.classifier.forward(x);
  }
}
