import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { Parameter } from '../../../detection/nn/module';

export function random(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, 'float32', seed);
}

/** Gradients of the weighted sum of `forward`'s result, ours and by tfjs's own operations, agree. */
export function expectSameGradients(
  parameters: Record<string, Parameter>,
  forward: () => tf.Tensor,
  reference: (values: Record<string, tf.Tensor>) => tf.Tensor,
): void {
  const before = tf.memory().numTensors;
  const names = Object.keys(parameters);
  const loss = (output: tf.Tensor): tf.Scalar => tf.sum(tf.mul(output, random(output.shape, 99)));
  const ours = lossesAndGradients(() => ({ loss: loss(forward()) }), Object.entries(parameters));
  const theirs = tf.valueAndGrads((...values: tf.Tensor[]) =>
    loss(reference(Object.fromEntries(names.map((name, i) => [name, values[i]])))),
  )(names.map((name) => parameters[name].value));
  const difference = (a: tf.Tensor, b: tf.Tensor): number =>
    tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] / (1 + tf.max(tf.abs(b)).dataSync()[0]));
  expect(difference(ours.losses['loss'], theirs.value)).toBeLessThan(2e-5);
  names.forEach((name, i) =>
    expect(difference(ours.gradients.get(name)!, theirs.grads[i])).toBeLessThan(2e-5),
  );
  tf.dispose([ours.losses, [...ours.gradients.values()], theirs.value, theirs.grads]);
  expect(tf.memory().numTensors).toBe(before);
}
