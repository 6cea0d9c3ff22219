import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { normal } from '../../nn/initializers';
import type { RandomStream } from '../../nn/random';
import { noGradient } from '../../nn/tfjs-internals';
import { Model } from './model';
import { classesOf, crossEntropy, type LabeledPoints } from './classifier';
import { Perceptron } from './perceptron';

export interface PartlyLabeledPoints {
  readonly labeled: LabeledPoints;
  /** [N, 2] */
  readonly unlabeled: tf.Tensor2D;
}

export interface PseudoLabelOptions {
  /** Unlabeled samples take part in the loss from this probability of a class on. FixMatch: 0.95. */
  readonly threshold: number;
  /** Standard deviation of what is added to a point that learns its pseudo-label. */
  readonly noise: number;
}

const HIDDEN_FEATURES = 16;

/**
 * Claim: predicted attributes decide which samples of a batch take part in a loss.
 *
 * FixMatch (Sohn et al. 2020) in small: where the model is sure of an unlabeled sample, it learns to say the same of
 * the sample disturbed. Which samples these are is decided in the middle of the forward, and matters to nobody later.
 * How many there were goes into the log from here, by `summary`: for that no trainer has to see outputs.
 */
export class PseudoLabelClassifier extends Model<PartlyLabeledPoints, tf.Tensor2D, Int32Array> {
  private readonly layers: Perceptron;
  private readonly disturbances: RandomStream;

  constructor(
    numClasses: number,
    private readonly options: PseudoLabelOptions,
    random: { readonly initial: RandomStream; readonly disturbances: RandomStream },
  ) {
    super();
    this.layers = this.child('layers', new Perceptron(2, HIDDEN_FEATURES, numClasses, random.initial));
    this.disturbances = this.stream(random.disturbances);
  }

  override losses({ labeled, unlabeled }: PartlyLabeledPoints): Losses {
    return tf.tidy(() => {
      const logits = this.layers.forward(labeled.inputs);
      const losses: Losses = { loss_classifier: crossEntropy(logits, labeled.targets) };
      const { samples, labels } = this.confident(unlabeled);
      summary.scalar('pseudo_labels/samples', samples.length);
      if (samples.length > 0) {
        const disturbance = normal([samples.length, 2], this.options.noise, this.disturbances);
        const disturbed = tf.add<tf.Tensor2D>(tf.gather(unlabeled, samples), disturbance);
        // The mean is over all unlabeled samples: few confident ones weigh little.
        const share = samples.length / unlabeled.shape[0];
        const loss = crossEntropy(this.layers.forward(disturbed), labels);
        losses['loss_pseudo_labels'] = tf.mul(loss, share);
      }
      return losses;
    });
  }

  /** The samples of which the model is sure, and what it takes them for. Nothing is learned through this. */
  private confident(points: tf.Tensor2D): { samples: Int32Array; labels: Int32Array } {
    const probabilities = noGradient(() => tf.softmax(this.layers.forward(points)));
    const highest = tf.max(probabilities, 1).dataSync();
    const likeliest = tf.argMax(probabilities, 1).dataSync();
    const samples = Int32Array.from(highest.keys()).filter((i) => highest[i] >= this.options.threshold);
    return { samples, labels: samples.map((i) => likeliest[i]) };
  }

  override predict(points: tf.Tensor2D): Int32Array {
    return classesOf(() => this.layers.forward(points));
  }
}
