import * as tf from '@tensorflow/tfjs-core';
import { ModuleList } from '../../nn/containers';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Conv2d } from '../../nn/convolution';
import { kaimingUniform } from '../../nn/initialisers';
import { Module } from '../../nn/module';
import type { NormalisationFactory } from '../../nn/normalisation';
import type { RandomStream } from '../../nn/random';
import type { Body } from './body';

export interface FeaturePyramidOptions {
  /** Channels of every level. */
  outChannels: number;
  random: RandomStream;
  /** Of each convolution, which has no bias then. None in the paper; batch norm in fasterrcnn_resnet50_fpn_v2. */
  normalisation?: NormalisationFactory;
}

/**
 * torchvision's FeaturePyramidNetwork with LastLevelMaxPool (Lin et al. 2017): lateral 1x1 convolutions, a top-down
 * path that doubles by nearest neighbour, 3x3 convolutions, and a further level that takes every second pixel.
 */
export class FeaturePyramid extends Module {
  private readonly innerBlocks: ModuleList<Conv2dNormActivation>;
  private readonly layerBlocks: ModuleList<Conv2dNormActivation>;

  constructor(inChannels: readonly number[], { outChannels, random, normalisation }: FeaturePyramidOptions) {
    super();
    const block = (kernel: number, channels: number): Conv2dNormActivation => {
      const weight = kaimingUniform([kernel, kernel, channels, outChannels], random);
      const bias = normalisation ? undefined : tf.zeros<tf.Rank.R1>([outChannels]);
      const convolution = new Conv2d(weight, bias, { padding: (kernel - 1) / 2 });
      return new Conv2dNormActivation(convolution, normalisation?.(outChannels));
    };
    const blocks = (kernel: number, channels: readonly number[]): ModuleList<Conv2dNormActivation> =>
      new ModuleList(channels.map((count) => block(kernel, count)));
    this.innerBlocks = this.child('inner_blocks', blocks(1, inChannels));
    this.layerBlocks = this.child(
      'layer_blocks',
      blocks(
        3,
        inChannels.map(() => outChannels),
      ),
    );
  }

  /** Maps of the body, finest first -> as many levels, and the pool level. The caller disposes. */
  forward(maps: readonly tf.Tensor4D[]): tf.Tensor4D[] {
    return tf.tidy(() => {
      const levels: tf.Tensor4D[] = [];
      let inner: tf.Tensor4D | undefined;
      for (let level = maps.length - 1; level >= 0; level--) {
        const map = maps[level];
        const [, height, width] = map.shape;
        const topDown = inner && tf.image.resizeNearestNeighbor(inner, [height, width]);
        inner = this.innerBlocks.items[level].forward(map, topDown);
        topDown?.dispose();
        levels.unshift(this.layerBlocks.items[level].forward(inner));
      }
      const pool = tf.maxPool(levels.at(-1)!, 1, 2, 'valid');
      return [...levels, pool];
    });
  }
}

/** torchvision's BackboneWithFPN. */
export class BackboneWithFpn extends Module {
  readonly outChannels: number;
  private readonly body: Body;
  private readonly fpn: FeaturePyramid;

  constructor(body: Body, options: FeaturePyramidOptions) {
    super();
    this.outChannels = options.outChannels;
    this.body = this.child('body', body);
    this.fpn = this.child('fpn', new FeaturePyramid(body.outChannels, options));
  }

  /** x [N, H, W, 3] -> levels of `outChannels` channels, finest first, the pool level last. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => this.fpn.forward(this.body.forward(x)));
  }
}
