import * as tf from '@tensorflow/tfjs-core';
import { EventStorage } from '../../events/event-storage';
import type { Optimizer } from '../../engine/optimizer';
import { withStorage } from '../../events/summary';
import type { Losses, Trainable } from '../../nn/trainable';
import { lossesAndGradients } from '../../nn/autograd';
import { normal } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { noGradient } from '../../nn/tfjs-internals';
import { Perceptron } from './perceptron';

const NOISE_FEATURES = 2;
const HIDDEN_FEATURES = 32;

/**
 * Claim: obscure cases deserve a trainer of their own.
 *
 * Generative adversarial networks (Goodfellow et al. 2014) that make points. Two models share the networks; each has
 * losses of its own over parameters of its own. That they take turns is all that is left for a trainer to know.
 */
export class AdversarialNetworks extends Module {
  private readonly generator: Perceptron;
  private readonly discriminator: Perceptron;
  private readonly noise: RandomStream;

  constructor(random: { readonly initial: RandomStream; readonly noise: RandomStream }) {
    super();
    const { initial, noise } = random;
    this.generator = this.child('generator', new Perceptron(NOISE_FEATURES, HIDDEN_FEATURES, 2, initial));
    this.discriminator = this.child('discriminator', new Perceptron(2, HIDDEN_FEATURES, 1, initial));
    this.noise = this.stream(noise);
  }

  /** New points [count, 2]. The caller disposes. */
  generate(count: number): tf.Tensor2D {
    return tf.tidy(() =>
      this.generator.forward(normal([count, NOISE_FEATURES], 1, this.noise) as tf.Tensor2D),
    );
  }

  /** Learns to tell real points [N, 2] from generated ones. */
  asDiscriminator(): Trainable<tf.Tensor2D> {
    return this.player(this.discriminator, (real) => {
      const generated = noGradient(() => this.generate(real.shape[0]));
      return {
        loss_real: this.adversarialLoss(real, tf.onesLike),
        loss_generated: this.adversarialLoss(generated, tf.zerosLike),
      };
    });
  }

  /** Learns to make points that are taken for real ones. */
  asGenerator(): Trainable<tf.Tensor2D> {
    return this.player(this.generator, (real) => ({
      loss_generator: this.adversarialLoss(this.generate(real.shape[0]), tf.onesLike),
    }));
  }

  /** Cross-entropy of what the discriminator makes of points, if they were `labels`: ones for real. */
  private adversarialLoss(points: tf.Tensor2D, labels: (logits: tf.Tensor2D) => tf.Tensor2D): tf.Scalar {
    const logits = this.discriminator.forward(points);
    return tf.losses.sigmoidCrossEntropy(labels(logits), logits);
  }

  private player(trained: Module, losses: (real: tf.Tensor2D) => Losses): Trainable<tf.Tensor2D> {
    return {
      losses: (real) => tf.tidy(() => losses(real)),
      namedParameters: () => trained.namedParameters(),
      namedBuffers: () => trained.namedBuffers(),
      randomStreams: () => this.randomStreams(),
    };
  }
}

export interface Player<Batch> {
  readonly model: Trainable<Batch>;
  readonly optimizer: Optimizer;
  readonly learningRate: number;
}

/** On each batch, one step of each player in turn. Returns the losses of all steps, and what the models told. */
export function trainAlternately<Batch>(
  data: Iterable<Batch>,
  players: readonly Player<Batch>[],
): EventStorage {
  const storage = new EventStorage();
  for (const batch of data) {
    storage.startIteration(storage.iteration + 1);
    for (const { model, optimizer, learningRate } of players) {
      const { losses, gradients } = withStorage(storage, () =>
        lossesAndGradients(() => model.losses(batch), model.namedParameters()),
      );
      optimizer.step(gradients, learningRate);
      for (const [name, loss] of Object.entries(losses)) storage.scalar(name, loss.dataSync()[0]);
      tf.dispose([...Object.values(losses), ...gradients.values()]);
    }
  }
  return storage;
}
