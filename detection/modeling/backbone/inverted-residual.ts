import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Nonlinearity } from '../../nn/activations';
import { Conv2d, type Convolution } from '../../nn/convolution';
import { DepthwiseConv2d } from '../../nn/depthwise-convolution';
import { kaimingNormalFanOut, type InitialWeight } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { Normalization, NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import { SqueezeExcitation } from './squeeze-excitation';

/** Zeros around a map: as many on all sides (torchvision), or TensorFlow's rule. */
export type PaddingRule = 'symmetric' | 'same';

/** What all layers of a MobileNet have in common. */
export interface LayerStyle {
  /** Rule for the zeros around a map. */
  readonly padding: PaddingRule;
  /** Makes the normalization behind each convolution. */
  readonly normalization: NormalizationFactory;
  /** Random stream that the initial weights are drawn from. */
  readonly random: RandomStream;
  /** torchvision's of its MobileNets if left out. */
  readonly initialWeight?: InitialWeight;
}

/** Names of a convolution and of its normalization. */
export type LayerNames = readonly [convolution: string, normalization: string];

/** How a family of networks names the layers of a block. */
export interface BlockNames {
  readonly expand: LayerNames;
  readonly depthwise: LayerNames;
  readonly project: LayerNames;
}

export interface BlockShape {
  readonly inChannels: number;
  readonly expandedChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Its name, and the channels between its two layers. */
  readonly squeezeExcitation?: { readonly name: string; readonly channels: number };
  readonly nonlinearity: Nonlinearity;
}

/** A convolution of a MobileNet: no bias; stride alone changes the size. */
export function convolution(
  kernel: number,
  inChannels: number,
  outChannels: number,
  stride: number,
  { padding, random, initialWeight = kaimingNormalFanOut }: LayerStyle,
): Conv2d {
  const weight = initialWeight([kernel, kernel, inChannels, outChannels], random);
  return new Conv2d(weight, undefined, { stride, padding: sides(kernel, padding) });
}

/** The same with a filter of its own for each channel. */
export function depthwiseConvolution(
  kernel: number,
  channels: number,
  stride: number,
  { padding, random, initialWeight = kaimingNormalFanOut }: LayerStyle,
): DepthwiseConv2d {
  // As torchvision: fan-out counts all channels.
  const weight = tf.tidy(() =>
    tf.reshape<tf.Rank.R4>(initialWeight([kernel, kernel, 1, channels], random), [
      kernel,
      kernel,
      channels,
      1,
    ]),
  );
  return new DepthwiseConv2d(weight, { stride, padding: sides(kernel, padding) });
}

function sides(kernel: number, rule: PaddingRule): number | 'same' {
  return rule === 'same' ? 'same' : (kernel - 1) / 2;
}

interface Layer {
  readonly convolution: Convolution;
  readonly normalization: Normalization;
}

/**
 * The block of the MobileNets (Sandler et al. 2018; with squeeze and excitation Howard et al. 2019): 1x1 convolution
 * to more channels, depthwise convolution, 1x1 convolution to fewer; and a shortcut where the shape stays.
 */
export class InvertedResidual extends Module {
  private readonly expand: Layer | undefined;
  private readonly depthwise: Layer;
  private readonly squeezeExcitation: SqueezeExcitation | undefined;
  private readonly project: Layer;
  private readonly nonlinearity: Nonlinearity;
  private readonly shortcut: boolean;

  constructor(shape: BlockShape, names: BlockNames, style: LayerStyle) {
    super();
    const { inChannels, expandedChannels, outChannels, kernel, stride, squeezeExcitation } = shape;
    const { normalization, random, initialWeight } = style;
    this.nonlinearity = shape.nonlinearity;
    this.shortcut = stride === 1 && inChannels === outChannels;
    if (expandedChannels !== inChannels) {
      const expansion = convolution(1, inChannels, expandedChannels, 1, style);
      this.expand = this.layer(names.expand, expansion, normalization(expandedChannels));
    }
    this.depthwise = this.layer(
      names.depthwise,
      depthwiseConvolution(kernel, expandedChannels, stride, style),
      normalization(expandedChannels),
    );
    if (squeezeExcitation) {
      const { name, channels } = squeezeExcitation;
      this.squeezeExcitation = this.child(
        name,
        new SqueezeExcitation(expandedChannels, channels, random, initialWeight),
      );
    }
    this.project = this.layer(
      names.project,
      convolution(1, expandedChannels, outChannels, 1, style),
      normalization(outChannels),
    );
  }

  private layer(names: LayerNames, convolution: Convolution, normalization: Normalization): Layer {
    return {
      convolution: this.child(names[0], convolution),
      normalization: this.child(names[1], normalization),
    };
  }

  /** x [N, H, W, in] -> [N, H / stride, W / stride, out]. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { expand, depthwise, squeezeExcitation, project, nonlinearity } = this;
    return tf.tidy(() => {
      let y = x;
      if (expand) y = expand.normalization.afterConvolution(expand.convolution, y, { nonlinearity });
      y = depthwise.normalization.afterConvolution(depthwise.convolution, y, { nonlinearity });
      if (squeezeExcitation) y = squeezeExcitation.forward(y);
      return project.normalization.afterConvolution(
        project.convolution,
        y,
        this.shortcut ? { residual: x } : {},
      );
    });
  }

  /** The same in an ONNX graph: x [N, in, H, W] -> [N, out, H / stride, W / stride]. */
  exportTo(x: Value): Value {
    const { expand, depthwise, squeezeExcitation, project, nonlinearity } = this;
    let y = x;
    if (expand) y = expand.normalization.exportAfter(expand.convolution, y, { nonlinearity });
    y = depthwise.normalization.exportAfter(depthwise.convolution, y, { nonlinearity });
    if (squeezeExcitation) y = squeezeExcitation.exportTo(y);
    return project.normalization.exportAfter(project.convolution, y, this.shortcut ? { residual: x } : {});
  }
}
