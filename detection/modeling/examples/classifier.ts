import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import type { InputsAndTargets } from '../../engine/with-loss';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { Model } from './model';
import { Perceptron } from './perceptron';

/** Points [N, 2] and the class of each. */
export type LabeledPoints = InputsAndTargets<tf.Tensor2D, Int32Array>;

const HIDDEN_FEATURES = 16;

/**
 * Claim: for some models separation is fine, and they may keep it.
 *
 * Training and inference share all but the last line here: both want logits. So the loss is a function of what
 * `forward` returns, and it is a matter of taste which of the two the trainer gets:
 *
 *     train(data, classifier, options)
 *     train(data, withLoss(classifier, classificationLoss), options)
 */
export class Classifier extends Model<LabeledPoints, tf.Tensor2D, Int32Array> {
  private readonly layers: Perceptron;

  constructor(numClasses: number, random: RandomStream) {
    super();
    this.layers = this.child('layers', new Perceptron(2, HIDDEN_FEATURES, numClasses, random));
  }

  /** Points [N, 2] -> logits [N, classes]. */
  forward(points: tf.Tensor2D): tf.Tensor2D {
    return this.layers.forward(points);
  }

  override losses({ inputs, targets }: LabeledPoints): Losses {
    return tf.tidy(() => classificationLoss(this.forward(inputs), targets));
  }

  override predict(points: tf.Tensor2D): Int32Array {
    return classesOf(() => this.forward(points));
  }
}

/** The loss function of who separates: logits [N, classes], labels [N]. */
export function classificationLoss(logits: tf.Tensor2D, labels: Int32Array): Losses {
  return { loss_classifier: crossEntropy(logits, labels) };
}

/** Mean of softmax cross-entropy: logits [N, classes], labels [N]. */
export function crossEntropy(logits: tf.Tensor2D, labels: Int32Array): tf.Scalar {
  return tf.tidy(() => {
    const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]);
    return tf.losses.softmaxCrossEntropy(oneHot, logits);
  });
}

/** The likeliest class of each row of logits. Frees whatever `forward` makes. */
export function classesOf(forward: () => tf.Tensor2D): Int32Array {
  return disposingAll(() => tf.argMax(forward(), 1).dataSync<'int32'>());
}
