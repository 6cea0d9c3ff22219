import * as tf from '@tensorflow/tfjs-core';
import type { Losses, Trainable } from '../nn/trainable';

/** A model that leaves its losses to a function outside. */
export interface SeparatedModel<Inputs, Outputs> extends Omit<Trainable<never>, 'losses'> {
  /**
   * Training-mode forward: everything that the loss function needs, and nothing else. `withLoss` disposes its tensors
   * when the loss function has run.
   */
  forward(inputs: Inputs): Outputs;
}

/** What `withLoss` trains on. */
export interface InputsAndTargets<Inputs, Targets> {
  /** What the model gets. */
  readonly inputs: Inputs;
  /** What the loss function compares its outputs with. */
  readonly targets: Targets;
}

/** The separated style, for who wants it: a model and a loss function as one thing that trains itself. */
export function withLoss<Inputs, Targets, Outputs>(
  model: SeparatedModel<Inputs, Outputs>,
  lossFunction: (outputs: Outputs, targets: Targets) => Losses,
): Trainable<InputsAndTargets<Inputs, Targets>> {
  return {
    losses: ({ inputs, targets }) => tf.tidy(() => lossFunction(model.forward(inputs), targets)),
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  };
}
