import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ConvTranspose2d } from '../../nn/conv-transpose';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';

/** torchvision's KeypointRCNNHeads: 3x3 convolutions, each with a ReLU. */
export class KeypointRcnnHeads extends Module {
  private readonly layers: readonly Conv2d[];

  /**
   * With random weights.
   *
   * @param inChannels of the pooled ROIs
   * @param channels of each convolution
   */
  constructor(inChannels: number, channels: readonly number[], random: RandomStream) {
    super();
    this.layers = channels.map((outChannels, i) => {
      const weight = kaimingNormalFanOut([3, 3, channels[i - 1] ?? inChannels, outChannels], random);
      // torchvision's Sequential counts each ReLU as a layer.
      return this.child(String(2 * i), new Conv2d(weight, tf.zeros([outChannels]), { padding: 1 }));
    });
  }

  /** Pooled ROIs [R, size, size, in] -> [R, size, size, out]. The caller disposes. */
  forward(pooled: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() =>
      this.layers.reduce((x, layer) => layer.forward(x, { nonlinearity: 'relu' }), pooled),
    );
  }

  /** The same in an ONNX graph: [R, in, size, size] -> [R, out, size, size]. */
  exportTo(pooled: Value): Value {
    return this.layers.reduce((x, layer) => layer.exportTo(x, { nonlinearity: 'relu' }), pooled);
  }
}

const KERNEL_SIZE = 4;
/** Of the transposed convolution, and of the interpolation that follows it. */
const UPSAMPLING = 2;
/** A side of a heatmap by that of a pooled ROI. */
export const HEATMAP_SCALE = UPSAMPLING ** 2;

/** torchvision's KeypointRCNNPredictor: a heatmap of logits for each keypoint, of four times the size. */
export class KeypointRcnnPredictor extends Module {
  private readonly lowResolution: ConvTranspose2d;

  /**
   * With random weights.
   *
   * @param inChannels of what it predicts from
   */
  constructor(
    inChannels: number,
    /** K */
    readonly numKeypoints: number,
    random: RandomStream,
  ) {
    super();
    this.lowResolution = this.child(
      'kps_score_lowres',
      new ConvTranspose2d(
        kaimingNormalFanOut([KERNEL_SIZE, KERNEL_SIZE, numKeypoints, inChannels], random),
        tf.zeros([numKeypoints]),
        { stride: UPSAMPLING, padding: KERNEL_SIZE / 2 - 1 },
      ),
    );
  }

  /** x [R, size, size, in] -> heatmaps [R, 4 * size, 4 * size, K]. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const scores = this.lowResolution.forward(x);
      const [, height, width] = scores.shape;
      return tf.image.resizeBilinear(scores, [UPSAMPLING * height, UPSAMPLING * width], false, true);
    });
  }

  /** The same in an ONNX graph: [R, in, size, size] -> [R, K, 4 * size, 4 * size]. */
  exportTo(x: Value): Value {
    const scales = x.graph.constant([1, 1, UPSAMPLING, UPSAMPLING], 'float32');
    return this.lowResolution
      .exportTo(x)
      .op('Resize', [undefined, scales], { mode: 'linear', coordinate_transformation_mode: 'half_pixel' });
  }
}
