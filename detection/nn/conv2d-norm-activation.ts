import type * as tf from '@tensorflow/tfjs-core';
import type { Nonlinearity } from './activations';
import type { Convolution } from './convolution';
import { Module } from './module';
import type { Normalisation } from './normalisation';

/** torchvision's Conv2dNormActivation: a convolution '0', perhaps its normalisation '1', and an activation function. */
export class Conv2dNormActivation extends Module {
  private readonly convolution: Convolution;
  private readonly normalisation: Normalisation | undefined;

  /**
   * Takes over both layers.
   *
   * @param nonlinearity none if left out
   */
  constructor(
    convolution: Convolution,
    normalisation: Normalisation | undefined,
    private readonly nonlinearity?: Nonlinearity,
  ) {
    super();
    this.convolution = this.child('0', convolution);
    this.normalisation = normalisation && this.child('1', normalisation);
  }

  /** x [N, H, W, in] -> [N, H', W', out]; `residual` is added before the activation function. The caller disposes. */
  forward(x: tf.Tensor4D, residual?: tf.Tensor4D): tf.Tensor4D {
    const activation = { residual, nonlinearity: this.nonlinearity };
    return this.normalisation
      ? this.normalisation.afterConvolution(this.convolution, x, activation)
      : this.convolution.forward(x, activation);
  }
}
