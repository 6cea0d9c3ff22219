import * as tf from '@tensorflow/tfjs-core';
// Types alone: a model brings its own code, and whoever has none need not install the package.
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Losses, Trainable } from '../../nn/trainable';
import type { InputsAndTargets } from '../../engine/with-loss';
import { Parameter } from '../../nn/module';
import { isTrainingStep } from '../../nn/tfjs-internals';

type Outputs = tf.Tensor | tf.Tensor[];
type Inputs = tf.Tensor | tf.Tensor[];

/**
 * Claim: a trainer without a loss function serves models of a framework that separates them.
 *
 * A Keras model with what `compile({ loss })` would have been given, as a model that knows its losses. In a training
 * step layers run as they do in `fit`: dropout drops, batch normalization moves its statistics. Regularizers of
 * weights are losses that Keras, too, computes in the model; they come along as `loss_regularization`.
 *
 * The model keeps its weights, and is trained in place; dispose it, not this. Weights are saved and updated as
 * Keras names them. Constraints on weights are refused, because only Keras's own optimizers keep them. Dropout draws
 * from TensorFlow.js's generator: give its layers a seed where runs are to repeat.
 */
export function fromLayersModel<Targets>(
  model: LayersModel,
  lossFunction: (outputs: Outputs, targets: Targets) => Losses,
): Trainable<InputsAndTargets<Inputs, Targets>> {
  const parameters = model.trainableWeights.map(asParameter);
  const buffers = model.nonTrainableWeights.map(asParameter);
  return {
    losses: ({ inputs, targets }) =>
      tf.tidy(() => {
        const outputs = model.apply(inputs, { training: isTrainingStep() }) as Outputs;
        const losses = lossFunction(outputs, targets);
        const regularization = model.calculateLosses();
        if (regularization.length === 0) return losses;
        return { ...losses, loss_regularization: tf.addN(regularization) };
      }),
    namedParameters: () => parameters,
    namedBuffers: () => buffers,
    randomStreams: () => [],
  };
}

function asParameter(weight: LayersModel['weights'][number]): [string, Parameter] {
  const { constraint, name } = weight;
  if (constraint) throw new Error(`weight ${name} has a constraint, which training would not keep`);
  return [name, new Parameter(weight.read(), 'same', weight.trainable)];
}
