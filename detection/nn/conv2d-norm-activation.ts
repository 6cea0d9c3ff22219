import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import type { Nonlinearity } from './activations';
import type { Convolution } from './convolution';
import { Module } from './module';
import type { Normalization } from './normalization';

/** torchvision's Conv2dNormActivation: a convolution '0', perhaps its normalization '1', and an activation function. */
export class Conv2dNormActivation extends Module {
  private readonly convolution: Convolution;
  private readonly normalization: Normalization | undefined;

  /**
   * Takes over both layers.
   *
   * @param nonlinearity none if left out
   */
  constructor(
    convolution: Convolution,
    normalization: Normalization | undefined,
    private readonly nonlinearity?: Nonlinearity,
  ) {
    super();
    this.convolution = this.child('0', convolution);
    this.normalization = normalization && this.child('1', normalization);
  }

  /** x [N, H, W, in] -> [N, H', W', out]; `residual` is added before the activation function. The caller disposes. */
  forward(x: tf.Tensor4D, residual?: tf.Tensor4D): tf.Tensor4D {
    const activation = { residual, nonlinearity: this.nonlinearity };
    return this.normalization
      ? this.normalization.afterConvolution(this.convolution, x, activation)
      : this.convolution.forward(x, activation);
  }

  /** The same in an ONNX graph: x [N, in, H, W] -> [N, out, H', W']. */
  exportTo(x: Value, residual?: Value): Value {
    const activation = { residual, nonlinearity: this.nonlinearity };
    return this.normalization
      ? this.normalization.exportAfter(this.convolution, x, activation)
      : this.convolution.exportTo(x, activation);
  }
}
