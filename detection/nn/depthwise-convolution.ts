import * as tf from '@tensorflow/tfjs-core';
import { Convolution, type ConvolutionOptions } from './convolution';

/** torch.nn.Conv2d with as many groups as channels: each channel has a filter of its own. */
export class DepthwiseConv2d extends Convolution {
  /** @internal */
  protected override readonly gradientKernels = {
    input: 'DepthwiseConv2dNativeBackpropInput',
    filter: 'DepthwiseConv2dNativeBackpropFilter',
  };

  /** Takes over `weight` [kh, kw, channels, 1]. */
  constructor(weight: tf.Tensor4D, options: ConvolutionOptions = {}) {
    super(weight, 'depthwise', undefined, options);
  }

  /** @internal */
  protected override convolve(x: tf.Tensor4D, filter: tf.Tensor4D, padding: number | 'same'): tf.Tensor4D {
    return tf.depthwiseConv2d(x, filter, this.stride, padding);
  }

  /** @internal */
  protected override scaled(filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D {
    return tf.mul(filter, tf.reshape(scale, [-1, 1]));
  }
}
