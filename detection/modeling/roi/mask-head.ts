import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';

/** torchvision's MaskRCNNHeads: 3x3 convolutions, each with a ReLU, and a normalization where the model has such in its heads. */
export class MaskRcnnHeads extends Module {
  private readonly layers: readonly Conv2dNormActivation[];

  /**
   * With random weights.
   *
   * @param inChannels of the pooled ROIs
   * @param channels of each convolution
   */
  constructor(
    inChannels: number,
    channels: readonly number[],
    normalization: NormalizationFactory | undefined,
    random: RandomStream,
  ) {
    super();
    this.layers = channels.map((outChannels, i) => {
      const weight = kaimingNormalFanOut([3, 3, channels[i - 1] ?? inChannels, outChannels], random);
      const bias = normalization ? undefined : tf.zeros<tf.Rank.R1>([outChannels]);
      const convolution = new Conv2d(weight, bias, { padding: 1 });
      return this.child(
        String(i),
        new Conv2dNormActivation(convolution, normalization?.(outChannels), 'relu'),
      );
    });
  }

  /** Pooled ROIs [R, size, size, in] -> [R, size, size, out]. The caller disposes. */
  forward(pooled: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.layers.reduce((x, layer) => layer.forward(x), pooled));
  }

  /** The same in an ONNX graph: [R, in, size, size] -> [R, out, size, size]. */
  exportTo(pooled: Value): Value {
    return this.layers.reduce((x, layer) => layer.exportTo(x), pooled);
  }
}
