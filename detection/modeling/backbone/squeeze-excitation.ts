import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut, type InitialWeight } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';

/**
 * torchvision's SqueezeExcitation as MobileNetV3 has it, with a hard sigmoid: weighs each channel of an image by what
 * all its channels are on average.
 */
export class SqueezeExcitation extends Module {
  private readonly fc1: Conv2d;
  private readonly fc2: Conv2d;

  constructor(
    channels: number,
    squeezeChannels: number,
    random: RandomStream,
    initialWeight: InitialWeight = kaimingNormalFanOut,
  ) {
    super();
    const layer = (inChannels: number, outChannels: number): Conv2d =>
      new Conv2d(initialWeight([1, 1, inChannels, outChannels], random), tf.zeros([outChannels]));
    this.fc1 = this.child('fc1', layer(channels, squeezeChannels));
    this.fc2 = this.child('fc2', layer(squeezeChannels, channels));
  }

  /** x [N, H, W, channels] -> the same shape. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      // Row by row, and then the rows: TensorFlow adds up thousands of values one after another, in float32.
      const average: tf.Tensor4D = tf.mean(tf.mean(x, 2, true), 1, true);
      const squeezed = this.fc1.forward(average, { nonlinearity: 'relu' });
      const weights = tf.div(tf.relu6(tf.add(this.fc2.forward(squeezed), 3)), 6);
      return tf.mul(x, weights);
    });
  }

  /** The same in an ONNX graph: x [N, channels, H, W] -> the same shape. */
  exportTo(x: Value): Value {
    const squeezed = this.fc1.exportTo(x.mean(2, 3), { nonlinearity: 'relu' });
    const weights = this.fc2
      .exportTo(squeezed)
      .op('HardSigmoid', [], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
    return x.mul(weights);
  }
}
