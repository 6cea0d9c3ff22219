import type * as tf from '@tensorflow/tfjs-core';
import { linear, type Linear } from '../../nn/linear';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';

/** Two linear layers and a ReLU between them: what most of the examples are built from. [N, in] -> [N, out] */
export class Perceptron extends Module {
  private readonly fc1: Linear;
  private readonly fc2: Linear;

  constructor(inFeatures: number, hiddenFeatures: number, outFeatures: number, random: RandomStream) {
    super();
    this.fc1 = this.child('fc1', linear(inFeatures, hiddenFeatures, random));
    this.fc2 = this.child('fc2', linear(hiddenFeatures, outFeatures, random));
  }

  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.fc2.forward(this.fc1.forward(x, { relu: true }));
  }
}
