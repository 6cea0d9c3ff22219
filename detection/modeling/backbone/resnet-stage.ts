import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { Normalization, NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';

/** Layers of a ResNet: torchvision's resnet18 to resnet101. */
export type ResNetDepth = 18 | 34 | 50 | 101;

/** Blocks of each stage, and whether they are bottlenecks (He et al. 2015, table 1). */
const ARCHITECTURES = {
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  34: { blocks: [3, 4, 6, 3], bottleneck: false },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
  101: { blocks: [3, 4, 23, 3], bottleneck: true },
} as const satisfies Record<ResNetDepth, unknown>;

/** Channels of the stem in the paper. */
export const STEM_WIDTH = 64;

/** What the stages of a ResNet have in common. */
export interface ResNetStageOptions {
  /** Makes the normalization behind each convolution. */
  normalization: NormalizationFactory;
  /** Of the initial weights. */
  random: RandomStream;
  /** Channels of the stem and of layer1; each further stage has twice as many. 64 in the paper. */
  width?: number;
  /** Where a bottleneck's stride is: in the 3x3 convolution if left out, as in torchvision; in the first 1x1 in the paper and for MSRA's weights. */
  strideIn?: '3x3' | '1x1';
}

interface BlockOptions {
  inChannels: number;
  channels: number;
  stride: number;
  strideIn: '3x3' | '1x1';
  normalization: NormalizationFactory;
  random: RandomStream;
}

/** A convolution of a ResNet: no bias, padded so that stride alone changes the size. */
function convolution(
  kernel: number,
  inChannels: number,
  outChannels: number,
  stride: number,
  random: RandomStream,
) {
  const weight = kaimingNormalFanOut([kernel, kernel, inChannels, outChannels], random);
  return new Conv2d(weight, undefined, { stride, padding: (kernel - 1) / 2 });
}

/** The shortcut's projection, where a block changes the size or the channels. */
class Downsample extends Module {
  private readonly convolution: Conv2d;
  private readonly normalization: Normalization;

  constructor({ inChannels, stride, normalization, random }: BlockOptions, outChannels: number) {
    super();
    this.convolution = this.child('0', convolution(1, inChannels, outChannels, stride, random));
    this.normalization = this.child('1', normalization(outChannels));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return this.normalization.afterConvolution(this.convolution, x);
  }

  exportTo(x: Value): Value {
    return this.normalization.exportAfter(this.convolution, x);
  }
}

abstract class Block extends Module {
  abstract forward(x: tf.Tensor4D): tf.Tensor4D;
  abstract exportTo(x: Value): Value;
}

/** torchvision's BasicBlock: two 3x3 convolutions. */
class BasicBlock extends Block {
  static readonly expansion = 1;
  private readonly conv1: Conv2d;
  private readonly bn1: Normalization;
  private readonly conv2: Conv2d;
  private readonly bn2: Normalization;
  private readonly downsample: Downsample | undefined;

  constructor(options: BlockOptions) {
    super();
    const { inChannels, channels, stride, normalization, random } = options;
    this.conv1 = this.child('conv1', convolution(3, inChannels, channels, stride, random));
    this.bn1 = this.child('bn1', normalization(channels));
    this.conv2 = this.child('conv2', convolution(3, channels, channels, 1, random));
    this.bn2 = this.child('bn2', normalization(channels));
    if (stride !== 1 || inChannels !== channels) {
      this.downsample = this.child('downsample', new Downsample(options, channels));
    }
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.downsample?.forward(x) ?? x;
      const y = this.bn1.afterConvolution(this.conv1, x, { nonlinearity: 'relu' });
      return this.bn2.afterConvolution(this.conv2, y, { residual, nonlinearity: 'relu' });
    });
  }

  exportTo(x: Value): Value {
    const residual = this.downsample?.exportTo(x) ?? x;
    const y = this.bn1.exportAfter(this.conv1, x, { nonlinearity: 'relu' });
    return this.bn2.exportAfter(this.conv2, y, { residual, nonlinearity: 'relu' });
  }
}

/** torchvision's Bottleneck (v1.5: the stride is in the 3x3 convolution), or detectron2's BottleneckBlock. */
class Bottleneck extends Block {
  static readonly expansion = 4;
  private readonly conv1: Conv2d;
  private readonly bn1: Normalization;
  private readonly conv2: Conv2d;
  private readonly bn2: Normalization;
  private readonly conv3: Conv2d;
  private readonly bn3: Normalization;
  private readonly downsample: Downsample | undefined;

  constructor(options: BlockOptions) {
    super();
    const { inChannels, channels, stride, strideIn, normalization, random } = options;
    const outChannels = channels * Bottleneck.expansion;
    const [of1x1, of3x3] = strideIn === '1x1' ? [stride, 1] : [1, stride];
    this.conv1 = this.child('conv1', convolution(1, inChannels, channels, of1x1, random));
    this.bn1 = this.child('bn1', normalization(channels));
    this.conv2 = this.child('conv2', convolution(3, channels, channels, of3x3, random));
    this.bn2 = this.child('bn2', normalization(channels));
    this.conv3 = this.child('conv3', convolution(1, channels, outChannels, 1, random));
    this.bn3 = this.child('bn3', normalization(outChannels));
    if (stride !== 1 || inChannels !== outChannels) {
      this.downsample = this.child('downsample', new Downsample(options, outChannels));
    }
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.downsample?.forward(x) ?? x;
      let y = this.bn1.afterConvolution(this.conv1, x, { nonlinearity: 'relu' });
      y = this.bn2.afterConvolution(this.conv2, y, { nonlinearity: 'relu' });
      return this.bn3.afterConvolution(this.conv3, y, { residual, nonlinearity: 'relu' });
    });
  }

  exportTo(x: Value): Value {
    const residual = this.downsample?.exportTo(x) ?? x;
    let y = this.bn1.exportAfter(this.conv1, x, { nonlinearity: 'relu' });
    y = this.bn2.exportAfter(this.conv2, y, { nonlinearity: 'relu' });
    return this.bn3.exportAfter(this.conv3, y, { residual, nonlinearity: 'relu' });
  }
}

/** A stage of a ResNet: layer1 to layer4 of torchvision's, res2 to res5 of detectron2's. All but the first halve the map. */
export class ResNetStage extends ModuleList<Block> {
  /** Channels of the map that it makes. */
  readonly outChannels: number;

  /**
   * With random weights.
   *
   * @param stage 0 to 3
   */
  constructor(
    depth: ResNetDepth,
    stage: number,
    { normalization, random, width = STEM_WIDTH, strideIn = '3x3' }: ResNetStageOptions,
  ) {
    const { blocks, bottleneck } = ARCHITECTURES[depth];
    const BlockType = bottleneck ? Bottleneck : BasicBlock;
    const channels = width * 2 ** stage;
    const outChannels = channels * BlockType.expansion;
    let inChannels = stage === 0 ? width : outChannels / 2;
    super(
      Array.from({ length: blocks[stage] }, (_, index) => {
        const stride = stage > 0 && index === 0 ? 2 : 1;
        const block = new BlockType({ inChannels, channels, stride, strideIn, normalization, random });
        inChannels = outChannels;
        return block;
      }),
    );
    this.outChannels = outChannels;
  }

  /** [N, H, W, in] -> [N, H', W', outChannels]. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.items.reduce((y, block) => block.forward(y), x));
  }

  /** The same in an ONNX graph: [N, in, H, W] -> [N, outChannels, H', W']. */
  exportTo(x: Value): Value {
    return this.items.reduce((y, block) => block.exportTo(y), x);
  }
}
