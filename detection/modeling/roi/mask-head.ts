import * as tf from '@tensorflow/tfjs-core';
import { ConvTranspose2d } from '../../nn/conv-transpose';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut, uniform } from '../../nn/initializers';
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
}

const UPSAMPLING = 2;

/**
 * torchvision's MaskRCNNPredictor: a map of twice the size, and from it the logits of a mask for each label. Of these only
 * those of one label are computed for each ROI: its object's in training, the predicted one in inference. The others have no part in
 * the loss, nor in the result.
 */
export class MaskRcnnPredictor extends Module {
  private readonly upsampling: ConvTranspose2d;
  private readonly logits: Conv2d;

  /**
   * With random weights.
   *
   * @param channels of the upsampled map
   * @param numClasses K, without the background, which has a mask, too
   */
  constructor(inChannels: number, channels: number, numClasses: number, random: RandomStream) {
    super();
    const shape = [UPSAMPLING, UPSAMPLING, channels, inChannels] as const;
    const numLabels = numClasses + 1;
    this.upsampling = this.child(
      'conv5_mask',
      new ConvTranspose2d(
        kaimingNormalFanOut([...shape], random),
        // torch's own: its fan in of a transposed convolution is that of its outputs.
        uniform([channels], 1 / Math.sqrt(channels * UPSAMPLING ** 2), random) as tf.Tensor1D,
        { stride: UPSAMPLING },
      ),
    );
    this.logits = this.child(
      'mask_fcn_logits',
      new Conv2d(
        kaimingNormalFanOut([1, 1, channels, numLabels], random),
        uniform([numLabels], 1 / Math.sqrt(channels), random) as tf.Tensor1D,
      ),
    );
  }

  /** x [R, size, size, in], labels [R] -> logits [R, 4 * size * size] of each ROI's label, row by row. The caller disposes. */
  forward(x: tf.Tensor4D, labels: Int32Array): tf.Tensor2D {
    return tf.tidy(() => {
      const map = this.upsampling.forward(x, { nonlinearity: 'relu' });
      const [numRois, height, width, channels] = map.shape;
      const ofLabels = tf.tensor1d(labels, 'int32');
      const filters = tf.transpose(tf.reshape<tf.Rank.R2>(this.logits.weight.value, [channels, -1]));
      const logits = tf.matMul(
        tf.reshape<tf.Rank.R3>(map, [numRois, height * width, channels]),
        tf.reshape<tf.Rank.R3>(tf.gather(filters, ofLabels), [numRois, channels, 1]),
      );
      const bias = tf.reshape<tf.Rank.R2>(tf.gather(this.logits.bias!.value, ofLabels), [numRois, 1]);
      return tf.add(tf.reshape<tf.Rank.R2>(logits, [numRois, height * width]), bias);
    });
  }
}
