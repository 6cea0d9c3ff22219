import type * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';

type Tensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Claim: a wrapper `multiLossFunction({ task1: loss1, task2: loss2 })`, as Keras has it, is no help, because it does
 * not know how to route outputs to losses.
 *
 * It knows names, and nothing else. So each batch must have targets for every task, and each task's head must run on
 * every sample, wanted or not. And when targets belong to some of the samples only, nothing tells it to which: at best
 * the shapes disagree, at worst they broadcast.
 */
export function multiLossFunction(
  lossFunctions: Readonly<Record<string, (output: tf.Tensor, target: tf.Tensor) => tf.Scalar>>,
): (outputs: Tensors, targets: Tensors) => Losses {
  return (outputs, targets) => {
    const losses: Losses = {};
    for (const [task, lossFunction] of Object.entries(lossFunctions)) {
      if (!(task in outputs)) throw new Error(`the model returned nothing for task ${task}`);
      if (!(task in targets)) throw new Error(`the batch has no targets for task ${task}`);
      losses[`loss_${task}`] = lossFunction(outputs[task], targets[task]);
    }
    return losses;
  };
}
