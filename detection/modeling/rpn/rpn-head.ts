import * as tf from '@tensorflow/tfjs-core';
import { ModuleList } from '../../nn/containers';
import { Conv2d } from '../../nn/convolution';
import { normal } from '../../nn/initialisers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';

/** torchvision's RPNHead: every layer normal with this standard deviation, bias 0. */
const INITIAL_STANDARD_DEVIATION = 0.01;

/** What the head says of all anchors of N images, levels from fine to coarse, in each: y, x, anchor. */
export interface RpnPredictions {
  /** [N, A] */
  objectnessLogits: tf.Tensor2D;
  /** [N, A, 4] */
  boxDeltas: tf.Tensor3D;
}

/** torchvision's RPNHead: 3x3 convolutions, then objectness and box deltas of each anchor by 1x1 convolutions. */
export class RpnHead extends Module {
  private readonly convolutions: readonly Conv2d[];
  private readonly objectness: Conv2d;
  private readonly boxDeltas: Conv2d;

  constructor(channels: number, anchorsPerLocation: number, random: RandomStream, depth = 1) {
    super();
    const convolution = (kernel: number, outChannels: number): Conv2d =>
      new Conv2d(
        normal([kernel, kernel, channels, outChannels], INITIAL_STANDARD_DEVIATION, random) as tf.Tensor4D,
        tf.zeros([outChannels]),
        { padding: (kernel - 1) / 2 },
      );
    this.convolutions = Array.from({ length: depth }, () => convolution(3, channels));
    this.child('conv', new ModuleList(this.convolutions.map((layer) => new ModuleList([layer]))));
    this.objectness = this.child('cls_logits', convolution(1, anchorsPerLocation));
    this.boxDeltas = this.child('bbox_pred', convolution(1, 4 * anchorsPerLocation));
  }

  /** Features [N, H, W, C] of each level. The caller disposes (or a tidy around it). */
  forward(features: readonly tf.Tensor4D[]): RpnPredictions {
    return tf.tidy(() => {
      const levels = features.map((feature) =>
        tf.tidy(() => {
          const hidden = this.convolutions.reduce(
            (x, layer) => layer.forward(x, { nonlinearity: 'relu' }),
            feature,
          );
          const [batch] = feature.shape;
          return {
            logits: tf.reshape<tf.Rank.R2>(this.objectness.forward(hidden), [batch, -1]),
            deltas: tf.reshape<tf.Rank.R3>(this.boxDeltas.forward(hidden), [batch, -1, 4]),
          };
        }),
      );
      return {
        objectnessLogits: tf.concat2d(
          levels.map(({ logits }) => logits),
          1,
        ),
        boxDeltas: tf.concat3d(
          levels.map(({ deltas }) => deltas),
          1,
        ),
      };
    });
  }
}
