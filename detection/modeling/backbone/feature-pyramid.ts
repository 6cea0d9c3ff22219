import * as tf from '@tensorflow/tfjs-core';
import { concat, type Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Conv2d } from '../../nn/convolution';
import { kaimingUniform } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import { requireExported } from '../not-exportable-error';
import type { Backbone } from './backbone';
import type { Body } from './body';

/** Options of a feature pyramid. */
export interface FeaturePyramidOptions {
  /** Channels of every level. */
  outChannels: number;
  /** Random stream that the initial weights are drawn from. */
  random: RandomStream;
  /** Maps of the body that the pyramid stands on, counted from the coarsest; all if left out. */
  numMaps?: number;
  /** What makes the coarsest levels; every second pixel of the last one if left out. */
  lastLevels?: LastLevels;
  /** Of each convolution, which has no bias then. None in the paper; batch norm in fasterrcnn_resnet50_fpn_v2. */
  normalization?: NormalizationFactory;
}

/** Levels beyond the body's. */
export interface LastLevels extends Module {
  /** The coarsest level of the pyramid, and the body's map that it is of -> further levels. The caller disposes. */
  forward(last: tf.Tensor4D, map: tf.Tensor4D): tf.Tensor4D[];
  /** The same in an ONNX graph. */
  exportTo(last: Value, map: Value): Value[];
}

/** torchvision's LastLevelMaxPool: a level that takes every second pixel. */
export class LastLevelMaxPool extends Module implements LastLevels {
  forward(last: tf.Tensor4D): tf.Tensor4D[] {
    return [tf.maxPool(last, 1, 2, 'valid')];
  }

  exportTo(last: Value): Value[] {
    return [last.op('MaxPool', [], { kernel_shape: [1, 1], strides: [2, 2] })];
  }
}

/** torchvision's LastLevelP6P7 (Lin et al. 2017, Focal Loss): two further levels by strided convolutions. */
export class LastLevelP6P7 extends Module implements LastLevels {
  private readonly p6: Conv2d;
  private readonly p7: Conv2d;

  /**
   * With random weights.
   *
   * @param source what P6 is made of: the pyramid's coarsest level, or the body's map. `inChannels` are its channels.
   */
  constructor(
    private readonly source: 'P5' | 'C5',
    inChannels: number,
    outChannels: number,
    random: RandomStream,
  ) {
    super();
    const layer = (channels: number): Conv2d =>
      new Conv2d(kaimingUniform([3, 3, channels, outChannels], random), tf.zeros([outChannels]), {
        stride: 2,
        padding: 1,
      });
    this.p6 = this.child('p6', layer(inChannels));
    this.p7 = this.child('p7', layer(outChannels));
  }

  forward(last: tf.Tensor4D, map: tf.Tensor4D): tf.Tensor4D[] {
    const p6 = this.p6.forward(this.source === 'P5' ? last : map);
    const p7 = this.p7.forward(tf.relu(p6));
    return [p6, p7];
  }

  exportTo(last: Value, map: Value): Value[] {
    const p6 = this.p6.exportTo(this.source === 'P5' ? last : map);
    const p7 = this.p7.exportTo(p6.op('Relu'));
    return [p6, p7];
  }
}

/**
 * torchvision's FeaturePyramidNetwork (Lin et al. 2017): lateral 1x1 convolutions, a top-down path that doubles by
 * nearest neighbor, 3x3 convolutions, and further levels.
 */
export class FeaturePyramid extends Module {
  private readonly innerBlocks: ModuleList<Conv2dNormActivation>;
  private readonly layerBlocks: ModuleList<Conv2dNormActivation>;
  private readonly lastLevels: LastLevels;

  constructor(
    inChannels: readonly number[],
    { outChannels, random, normalization, lastLevels = new LastLevelMaxPool() }: FeaturePyramidOptions,
  ) {
    super();
    const block = (kernel: number, channels: number): Conv2dNormActivation => {
      const weight = kaimingUniform([kernel, kernel, channels, outChannels], random);
      const bias = normalization ? undefined : tf.zeros<tf.Rank.R1>([outChannels]);
      const convolution = new Conv2d(weight, bias, { padding: (kernel - 1) / 2 });
      return new Conv2dNormActivation(convolution, normalization?.(outChannels));
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
    this.lastLevels = this.child('extra_blocks', lastLevels);
  }

  /** Maps of the body, finest first -> as many levels, and the further ones. The caller disposes. */
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
      return [...levels, ...this.lastLevels.forward(levels.at(-1)!, maps.at(-1)!)];
    });
  }

  /** The same in an ONNX graph: maps [N, C, H, W]. */
  exportTo(maps: readonly Value[]): Value[] {
    const levels: Value[] = [];
    let inner: Value | undefined;
    for (let level = maps.length - 1; level >= 0; level--) {
      inner = this.innerBlocks.items[level].exportTo(maps[level], inner && enlarged(inner, maps[level]));
      levels.unshift(this.layerBlocks.items[level].exportTo(inner));
    }
    return [...levels, ...this.lastLevels.exportTo(levels.at(-1)!, maps.at(-1)!)];
  }
}

/** A map at the size of another, by nearest neighbor. */
function enlarged(map: Value, like: Value): Value {
  const shape = concat([map.side(0), map.side(1), like.side(2), like.side(3)], 0);
  return map.op('Resize', [undefined, undefined, shape], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}

/** torchvision's BackboneWithFPN. */
export class BackboneWithFpn extends Module implements Backbone {
  /** Channels of every level. */
  readonly outChannels: number;
  private readonly body: Body;
  private readonly fpn: FeaturePyramid;
  private readonly numMaps: number;

  /**
   * A pyramid with random weights on a body.
   *
   * @param body what the pyramid stands on, which it takes over.
   */
  constructor(body: Body, options: FeaturePyramidOptions) {
    super();
    const { outChannels, numMaps = body.outChannels.length } = options;
    this.outChannels = outChannels;
    this.numMaps = numMaps;
    this.body = this.child('body', body);
    this.fpn = this.child('fpn', new FeaturePyramid(body.outChannels.slice(-numMaps), options));
  }

  /** x [N, H, W, 3] -> levels of `outChannels` channels, finest first. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => this.fpn.forward(this.body.forward(x).slice(-this.numMaps)));
  }

  /** The same in an ONNX graph: x [N, 3, H, W] -> levels [N, outChannels, H', W'], finest first. */
  exportTo(x: Value): Value[] {
    const maps = requireExported(this.body.exportTo?.(x), this.body);
    return this.fpn.exportTo(maps.slice(-this.numMaps));
  }
}
