import * as tf from '@tensorflow/tfjs-core';
import { Convolution } from './convolution';
import { runKernel } from './kernels';

/** Options of a transposed convolution. */
export interface ConvTransposeOptions {
  /** Pixels of the output from one pixel of the input to the next; 1 if left out. */
  readonly stride?: number;
  /** What is cut off the output on each of the four sides; 0 if left out. */
  readonly padding?: number;
}

/**
 * torch.nn.ConvTranspose2d: the gradient of a convolution by its input, as a layer. x [N, H, W, in] -> [N, H', W', out], where H' is
 * (H - 1) * stride - 2 * padding + kernel height.
 */
export class ConvTranspose2d extends Convolution {
  /**
   * Takes over `weight` [kh, kw, out, in], the filter of the convolution that this is the gradient of: on disk it has torch's
   * shape [in, out, kh, kw]. Takes over `bias` [out].
   */
  constructor(
    weight: tf.Tensor4D,
    bias: tf.Tensor1D | undefined,
    { stride = 1, padding = 0 }: ConvTransposeOptions = {},
  ) {
    super(weight, 'convolution', bias, { stride, padding });
  }

  /** @internal */
  protected override get outChannels(): number {
    return this.weight.shapeOnDisk[1];
  }

  /** @internal */
  protected override convolve(x: tf.Tensor4D, filter: tf.Tensor4D, padding: number): tf.Tensor4D {
    const [batch, height, width] = x.shape;
    const [kernelHeight, kernelWidth, outChannels] = filter.shape;
    const side = (length: number, kernel: number) => (length - 1) * this.stride - 2 * padding + kernel;
    const inputShape = [batch, side(height, kernelHeight), side(width, kernelWidth), outChannels];
    const attributes = { ...this.attributes(padding), inputShape };
    return runKernel('Conv2DBackpropInput', { dy: x, filter }, attributes) as tf.Tensor4D;
  }

  /** @internal */
  protected override inputGradient(
    dy: tf.Tensor,
    filter: tf.Tensor4D,
    _inputShape: number[],
    padding: number,
  ): tf.Tensor {
    return tf.conv2d(dy as tf.Tensor4D, filter, this.stride, padding);
  }

  /** @internal */
  protected override filterGradient(dy: tf.Tensor, x: tf.Tensor, padding: number): tf.Tensor4D {
    const attributes = { ...this.attributes(padding), filterShape: this.weight.value.shape };
    return runKernel('Conv2DBackpropFilter', { x: dy, dy: x }, attributes) as tf.Tensor4D;
  }

  /** @internal */
  protected override scaled(filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D {
    return tf.mul(filter, tf.reshape(scale, [-1, 1]));
  }

  /** @internal */
  protected override get exportedAs(): { readonly op: string } {
    return { op: 'ConvTranspose' };
  }

  /** @internal */
  protected override fusedKernel(): undefined {
    return undefined;
  }
}
