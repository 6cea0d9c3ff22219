import * as tf from '@tensorflow/tfjs-core';

/** Runs a kernel of the current backend by name. */
export function runKernel(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: object = {},
): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(name, inputs, attributes as Record<string, string>);
}

/** Runs a kernel that has several outputs. */
export function runKernelMany(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: object = {},
): tf.Tensor[] {
  return tf.engine().runKernel<tf.Tensor[]>(name, inputs, attributes as Record<string, string>);
}

/** Whether the current backend has a kernel: one that only makes something faster need not be everywhere. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}
