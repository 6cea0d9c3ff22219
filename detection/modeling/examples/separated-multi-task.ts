import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import type { InputsAndTargets, SeparatedModel } from '../../engine/with-loss';
import { crossEntropy } from './classifier';
import { squaredError, type MultiTask, type MultiTaskBatch } from './multi-task';

/** What the forward has to know of the targets: which samples they belong to. */
export interface MultiTaskInputs {
  readonly points: tf.Tensor2D;
  readonly sideSamples?: Int32Array;
  readonly radiusSamples?: Int32Array;
}

export interface MultiTaskOutputs {
  readonly sideLogits?: tf.Tensor2D;
  readonly radii?: tf.Tensor2D;
}

export interface MultiTaskTargets {
  readonly sides?: Int32Array;
  readonly radii?: Float32Array;
}

/** multi-task.ts, separated. First copy of the branches: the data must tell the model and the loss different things. */
export function separateBatch({
  points,
  sides,
  radii,
}: MultiTaskBatch): InputsAndTargets<MultiTaskInputs, MultiTaskTargets> {
  return {
    inputs: { points, sideSamples: sides?.samples, radiusSamples: radii?.samples },
    targets: { sides: sides?.labels, radii: radii?.values },
  };
}

/** Second copy of the branches: the forward. Parameters are those of `model`. */
export function separateMultiTask(model: MultiTask): SeparatedModel<MultiTaskInputs, MultiTaskOutputs> {
  return {
    forward: ({ points, sideSamples, radiusSamples }) => {
      const features = model.body.forward(points, { relu: true });
      return {
        sideLogits: sideSamples && model.side.forward(tf.gather(features, sideSamples)),
        radii: radiusSamples && model.radius.forward(tf.gather(features, radiusSamples)),
      };
    },
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  };
}

/** Third copy of the branches: the loss, which must agree with the forward on which outputs there are. */
export function multiTaskLoss(outputs: MultiTaskOutputs, targets: MultiTaskTargets): Losses {
  const losses: Losses = {};
  if (outputs.sideLogits && targets.sides) {
    losses['loss_side'] = crossEntropy(outputs.sideLogits, targets.sides);
  }
  if (outputs.radii && targets.radii) {
    losses['loss_radius'] = squaredError(outputs.radii, tf.tensor2d(targets.radii, outputs.radii.shape));
  }
  return losses;
}
