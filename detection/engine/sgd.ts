import * as tf from '@tensorflow/tfjs-core';
import { hasKernel, runKernelMany } from '../nn/kernels';
import type { Parameter } from '../nn/module';
import { NamedStateOptimizer, type ParameterGroup } from './optimizer';

/** Hyperparameters of SGD. */
export interface SgdOptions {
  /** Momentum factor: 0.9 in torchvision's references; 0 for none. */
  readonly momentum: number;
  /** Added to the gradient as `weightDecay * parameter`. */
  readonly weightDecay: number;
  /** Parameters with a learning rate or weight decay of their own. */
  readonly groups?: readonly ParameterGroup[];
}

/**
 * Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0, no Nesterov):
 *
 *     buffer <- momentum * buffer + (gradient + weightDecay * parameter)
 *     parameter <- parameter - learningRate * buffer
 */
export class Sgd extends NamedStateOptimizer {
  private readonly momentum: number;

  /**
   * An optimizer that remembers nothing yet.
   *
   * @param parameters what it may update, by name: a model's `namedParameters()`.
   */
  constructor(parameters: Iterable<[string, Parameter]>, options: SgdOptions) {
    super(parameters, options.groups ?? [], options.weightDecay, ['momentum_buffer']);
    this.momentum = options.momentum;
  }

  protected update(
    name: string,
    parameter: tf.Variable,
    gradient: tf.Tensor,
    learningRate: number,
    weightDecay: number,
  ): void {
    const { momentum } = this;
    const previous = this.remembered('momentum_buffer', name);
    if (previous && hasKernel('MomentumStep')) {
      const attributes = { learningRate, momentum, weightDecay };
      const inputs = { parameter, buffer: previous, gradient };
      const [newParameter, newBuffer] = runKernelMany('MomentumStep', inputs, attributes);
      parameter.assign(newParameter);
      this.remember('momentum_buffer', name, newBuffer);
      return;
    }
    // In tidies of their own: for the largest parameter, each temporary is as large as it.
    const decayed =
      weightDecay === 0 ? gradient : tf.tidy(() => tf.add(gradient, tf.mul(parameter, weightDecay)));
    const buffer = previous ? tf.tidy(() => tf.add(tf.mul(previous, momentum), decayed)) : decayed;
    if (momentum !== 0) this.remember('momentum_buffer', name, buffer);
    if (decayed !== gradient && decayed !== buffer) decayed.dispose();
    parameter.assign(tf.tidy(() => tf.sub(parameter, tf.mul(buffer, learningRate))));
  }
}
