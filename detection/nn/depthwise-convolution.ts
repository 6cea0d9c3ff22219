import * as tf from '@tensorflow/tfjs-core';
import { Convolution, type Activation, type ConvolutionOptions } from './convolution';
import { runKernel } from './kernels';

/** torch.nn.Conv2d with as many groups as channels: each channel has a filter of its own. */
export class DepthwiseConv2d extends Convolution {
  /** Takes over `weight` [kh, kw, channels, 1]. */
  constructor(weight: tf.Tensor4D, options: ConvolutionOptions = {}) {
    super(weight, 'depthwise', undefined, options);
  }

  /** @internal */
  protected override convolve(x: tf.Tensor4D, filter: tf.Tensor4D, padding: number | 'same'): tf.Tensor4D {
    return tf.depthwiseConv2d(x, filter, this.stride, padding);
  }

  /** @internal */
  protected override inputGradient(
    dy: tf.Tensor,
    filter: tf.Tensor4D,
    inputShape: number[],
    padding: number | 'same',
  ): tf.Tensor {
    const attributes = { ...this.attributes(padding), inputShape };
    return runKernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, attributes);
  }

  /** @internal */
  protected override filterGradient(dy: tf.Tensor, x: tf.Tensor, padding: number | 'same'): tf.Tensor4D {
    const attributes = { ...this.attributes(padding), filterShape: this.weight.value.shape };
    return runKernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, attributes) as tf.Tensor4D;
  }

  /** @internal */
  protected override scaled(filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D {
    return tf.mul(filter, tf.reshape(scale, [-1, 1]));
  }

  /** @internal */
  protected override get exportedAs(): { readonly op: string; readonly groups: number } {
    return { op: 'Conv', groups: this.outChannels };
  }

  /** @internal */
  protected override fusedKernel({ residual }: Activation): string | undefined {
    // It knows no explicit padding; zeros around a copy of the input would cost more than it saves.
    const keepsSize = this.stride === 1 && 2 * Number(this.padding) === this.weight.value.shape[0] - 1;
    return (keepsSize || this.padding === 'same') && !residual ? 'FusedDepthwiseConvolution' : undefined;
  }
}
