import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../nn/module';
import { NamedStateOptimizer, type ParameterGroup } from './optimizer';

/** Hyperparameters of AdamW. */
export interface AdamWOptions {
  /** torch.optim.AdamW's default: 0.01. */
  readonly weightDecay: number;
  /** Decay of the averages of the gradient and of its square. torch.optim.AdamW's default: 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** Parameters with a learning rate or weight decay of their own. */
  readonly groups?: readonly ParameterGroup[];
}

/** Keeps the division finite; torch.optim.AdamW's default. */
const EPSILON = 1e-8;

/** Ends the name of a parameter's count of updates in the state. */
const STEP = '.step';

/**
 * Adam with decoupled weight decay, as torch.optim.AdamW. Each parameter counts its own updates t, from 1:
 *
 *     parameter <- parameter * (1 - learningRate * weightDecay)
 *     average   <- beta1 * average + (1 - beta1) * gradient
 *     square    <- beta2 * square + (1 - beta2) * gradient^2
 *     parameter <- parameter - learningRate / (1 - beta1^t) * average / (sqrt(square / (1 - beta2^t)) + epsilon)
 */
export class AdamW extends NamedStateOptimizer {
  private readonly betas: readonly [number, number];
  /** Kept on this side of the fence: reading a tensor a parameter a step would cost more than the update. */
  private readonly updates = new Map<string, number>();

  /**
   * An optimizer that remembers nothing yet.
   *
   * @param parameters what it may update, by name: a model's `namedParameters()`.
   */
  constructor(parameters: Iterable<[string, Parameter]>, options: AdamWOptions) {
    super(parameters, options.groups ?? [], options.weightDecay, ['exp_avg', 'exp_avg_sq']);
    this.betas = options.betas ?? [0.9, 0.999];
  }

  protected update(
    name: string,
    parameter: tf.Variable,
    gradient: tf.Tensor,
    learningRate: number,
    weightDecay: number,
  ): void {
    const [beta1, beta2] = this.betas;
    const t = (this.updates.get(name) ?? 0) + 1;
    const average = this.average('exp_avg', name, gradient, beta1);
    const square = this.average('exp_avg_sq', name, tf.square(gradient), beta2);
    // In tidies of their own: for the largest parameter, each temporary is as large as it.
    const change = tf.tidy(() => {
      const denominator = tf.tidy(() => tf.add(tf.div(tf.sqrt(square), Math.sqrt(1 - beta2 ** t)), EPSILON));
      return tf.mul(tf.div(average, denominator), learningRate / (1 - beta1 ** t));
    });
    parameter.assign(
      tf.tidy(() =>
        tf.sub(weightDecay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * weightDecay), change),
      ),
    );
    this.updates.set(name, t);
  }

  private average(slot: string, name: string, value: tf.Tensor, beta: number): tf.Tensor {
    const previous = this.remembered(slot, name);
    const average = tf.tidy(() => {
      const fresh = tf.mul(value, 1 - beta);
      return previous ? tf.add(tf.mul(previous, beta), fresh) : fresh;
    });
    this.remember(slot, name, average);
    return average;
  }

  override stateDict(): Map<string, tf.Tensor> {
    const state = super.stateDict();
    for (const [name, t] of this.updates) state.set(name + STEP, tf.keep(tf.scalar(t, 'int32')));
    return state;
  }

  override loadStateDict(state: ReadonlyMap<string, tf.Tensor>): void {
    const steps = [...state].filter(([key]) => key.endsWith(STEP));
    const averages = [...state].filter(([key]) => !key.endsWith(STEP));
    for (const [key] of averages) {
      const step = key.replace(/\.exp_avg(_sq)?$/, STEP);
      if (!state.has(step)) throw new Error(`optimizer state has ${key} but no ${step}`);
    }
    super.loadStateDict(new Map(averages));
    for (const [key, tensor] of steps) this.updates.set(key.slice(0, -STEP.length), tensor.dataSync()[0]);
  }

  override dispose(): void {
    super.dispose();
    this.updates.clear();
  }
}
