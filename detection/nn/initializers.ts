/** torch.nn.init, from a named random stream. Each returns a tensor in memory layout that the caller owns. */
import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from './random';

/** torch.nn.init.normal_ with mean 0. */
export function normal(shape: number[], standardDeviation: number, random: RandomStream): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  random.fillNormal(values);
  for (let i = 0; i < values.length; i++) values[i] *= standardDeviation;
  return tf.tensor(values, shape);
}

/** torch.nn.init.uniform_ from -bound to bound. */
export function uniform(shape: number[], bound: number, random: RandomStream): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  random.fillUniform(values);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * values[i] - 1);
  return tf.tensor(values, shape);
}

/** Of a convolution in memory. */
export type FilterShape = [
  kernelHeight: number,
  kernelWidth: number,
  inChannels: number,
  outChannels: number,
];

/** Makes the filters of a new convolution. */
export type InitialWeight = (shape: FilterShape, random: RandomStream) => tf.Tensor4D;

/** kaiming_normal_(mode='fan_out', nonlinearity='relu'): convolutions of torchvision's ResNet. */
export function kaimingNormalFanOut(shape: FilterShape, random: RandomStream): tf.Tensor4D {
  const [kernelHeight, kernelWidth, , outChannels] = shape;
  return normal(shape, Math.sqrt(2 / (outChannels * kernelHeight * kernelWidth)), random) as tf.Tensor4D;
}

/** kaiming_uniform_(a=1): convolutions of torchvision's FeaturePyramidNetwork. */
export function kaimingUniform(shape: FilterShape, random: RandomStream): tf.Tensor4D {
  const [kernelHeight, kernelWidth, inChannels] = shape;
  return uniform(shape, Math.sqrt(3 / (inChannels * kernelHeight * kernelWidth)), random) as tf.Tensor4D;
}

/** torch.nn.Linear's own: weight and bias uniform within 1 / sqrt(in). */
export function linearUniform(shape: number[], inFeatures: number, random: RandomStream): tf.Tensor {
  return uniform(shape, 1 / Math.sqrt(inFeatures), random);
}
