import * as tf from '@tensorflow/tfjs-core';
import type { Hook, TrainingState } from './hooks';
import type { Trainable } from '../nn/trainable';

/** Options of `WeightAverage`. */
export interface WeightAverageOptions {
  /** What is left of the average after a step: 0 < decay < 1. */
  readonly decay: number;
  /** Steps of warm-up; until they are over, and at the step after them, the average is the weights themselves. */
  readonly warmup: number;
}

/**
 * Exponential moving average of a model's weights, as ExponentialMovingAverage of torchvision's references, once a step:
 *
 *     average <- decay * average + (1 - decay) * weight
 *
 * of parameters and of running statistics alike. It begins as a copy of the weights when the learning rate has warmed
 * up. Frozen parameters and counters are the model's own. It comes before every hook that evaluates or saves.
 */
export class WeightAverage implements Hook {
  readonly name = 'weightAverage';
  /** By name; empty while the average is the weights themselves. */
  private readonly averages = new Map<string, tf.Variable>();

  /**
   * An average that is the weights themselves.
   *
   * @param model whose weights are averaged.
   */
  constructor(
    private readonly model: Pick<Trainable<never>, 'namedParameters' | 'namedBuffers'>,
    private readonly options: WeightAverageOptions,
  ) {}

  afterStep({ iteration }: TrainingState): void {
    const { decay, warmup } = this.options;
    if (iteration <= warmup) this.dispose();
    else if (iteration === warmup + 1) this.copyWeights();
    else {
      for (const [name, weight] of this.averaged()) {
        const average = this.averages.get(name)!;
        // Frozen statistics have never been written since they were copied.
        if (average.dataId === weight.dataId) continue;
        // Written so that what does not change stays as it is, to the bit.
        tf.tidy(() => average.assign(tf.add(average, tf.mul(tf.sub(weight, average), 1 - decay))));
      }
    }
  }

  /** Makes the weights that the model has now the average. */
  copyWeights(): void {
    this.dispose();
    for (const [name, weight] of this.averaged()) this.averages.set(name, tf.variable(weight, false));
  }

  /** Runs something with the averages in the model, and then puts its own weights back. */
  async during<T>(run: () => Promise<T>): Promise<T> {
    this.swap();
    try {
      return await run();
    } finally {
      this.swap();
    }
  }

  /** As `during`. */
  duringSync<T>(run: () => T): T {
    this.swap();
    try {
      return run();
    } finally {
      this.swap();
    }
  }

  /** Frees the averages; the model's weights stay. */
  dispose(): void {
    for (const average of this.averages.values()) average.dispose();
    this.averages.clear();
  }

  /** Weights and averages exchange their memory; no value is copied. */
  private swap(): void {
    for (const [name, weight] of this.averaged()) {
      const average = this.averages.get(name);
      if (!average) continue;
      const own = tf.clone<tf.Tensor>(weight);
      weight.assign(average);
      average.assign(own);
      own.dispose();
    }
  }

  private *averaged(): Generator<[string, tf.Variable]> {
    for (const [name, { variable, trainable }] of this.model.namedParameters()) {
      if (trainable) yield [name, variable];
    }
    for (const [name, { variable }] of this.model.namedBuffers()) {
      if (variable.dtype === 'float32') yield [name, variable];
    }
  }
}
