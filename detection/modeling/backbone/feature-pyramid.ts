import * as tf from '@tensorflow/tfjs-core';
import { ModuleList } from '../../nn/containers';
import { Conv2d } from '../../nn/convolution';
import { kaimingUniform } from '../../nn/initialisers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Body } from './body';

/** A convolution under the name torchvision gives it inside a Conv2dNormActivation. */
class PyramidConvolution extends Module {
  private readonly convolution: Conv2d;

  constructor(kernel: number, inChannels: number, outChannels: number, random: RandomStream) {
    super();
    const weight = kaimingUniform([kernel, kernel, inChannels, outChannels], random);
    const bias: tf.Tensor1D = tf.zeros([outChannels]);
    this.convolution = this.child('0', new Conv2d(weight, bias, { padding: (kernel - 1) / 2 }));
  }

  forward(x: tf.Tensor4D, residual?: tf.Tensor4D): tf.Tensor4D {
    return this.convolution.forward(x, residual ? { residual } : {});
  }
}

/**
 * torchvision's FeaturePyramidNetwork with LastLevelMaxPool (Lin et al. 2017): lateral 1x1 convolutions, a top-down
 * path that doubles by nearest neighbour, 3x3 convolutions, and a further level that takes every second pixel.
 */
export class FeaturePyramid extends Module {
  private readonly innerBlocks: ModuleList<PyramidConvolution>;
  private readonly layerBlocks: ModuleList<PyramidConvolution>;

  constructor(inChannels: readonly number[], outChannels: number, random: RandomStream) {
    super();
    const blocks = (kernel: number, channels: readonly number[]): ModuleList<PyramidConvolution> =>
      new ModuleList(channels.map((count) => new PyramidConvolution(kernel, count, outChannels, random)));
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
  private readonly body: Body;
  private readonly fpn: FeaturePyramid;

  constructor(
    body: Body,
    readonly outChannels: number,
    random: RandomStream,
  ) {
    super();
    this.body = this.child('body', body);
    this.fpn = this.child('fpn', new FeaturePyramid(body.outChannels, outChannels, random));
  }

  /** x [N, H, W, 3] -> levels of `outChannels` channels, finest first, the pool level last. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => this.fpn.forward(this.body.forward(x)));
  }
}
