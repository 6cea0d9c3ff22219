import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from '../../engine/optimizer';
import type { Losses, Trainable } from '../../nn/trainable';
import type { SeparatedModel } from '../../engine/with-loss';
import { lossesAndGradients } from '../../nn/autograd';

/**
 * Claim: `trainGood == partial(trainBad, identity)`. A trainer that asks for a loss function can do nothing that
 * one without it cannot, and the other way round: handing it the identity gets rid of it.
 *
 * This is the essay's `trainer_bad`, written out; `trainGood` below is the partial application. It equals
 * engine/train.ts, which is the same loop without the parameter, to the bit.
 */
export function trainBad<Batch, Outputs>(
  data: Iterable<Batch>,
  model: SeparatedModel<Batch, Outputs>,
  lossFunction: (outputs: Outputs, batch: Batch) => Losses,
  optimizer: Optimizer,
  learningRate: number,
): void {
  let step = 0;
  for (const batch of data) {
    // What a step draws follows from its number.
    for (const stream of model.randomStreams()) stream.seek(step);
    step++;
    const { losses, gradients } = lossesAndGradients(
      () => lossFunction(model.forward(batch), batch),
      model.namedParameters(),
    );
    optimizer.step(gradients, learningRate);
    tf.dispose([...Object.values(losses), ...gradients.values()]);
  }
}

export const identity = <Outputs>(outputs: Outputs): Outputs => outputs;

export function trainGood<Batch>(
  data: Iterable<Batch>,
  model: Trainable<Batch>,
  optimizer: Optimizer,
  learningRate: number,
): void {
  trainBad(data, asSeparated(model), identity, optimizer, learningRate);
}

/** A model whose outputs are its losses. */
function asSeparated<Batch>(model: Trainable<Batch>): SeparatedModel<Batch, Losses> {
  return {
    forward: (batch) => model.losses(batch),
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  };
}
