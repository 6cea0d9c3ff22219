import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Module } from '../../nn/module';
import { requireExported } from '../not-exportable-error';
import type { Body } from './body';
import { convolution, depthwiseConvolution, type LayerStyle } from './inverted-residual';

/** How SSDlite's backbone is built. */
export interface SsdLiteBackboneOptions {
  /** Maps of the body that are used, counted from the coarsest. */
  readonly numMaps: number;
  /** Channels of the maps that are made of the body's last one. */
  readonly extraChannels: readonly number[];
  /** Padding, normalization and initialization of the additional layers. */
  readonly style: LayerStyle;
}

/** torchvision's _extra_block: a map of half the size. Half of its channels are enough for the 3x3 convolution. */
class ExtraBlock extends ModuleList<Conv2dNormActivation> {
  constructor(inChannels: number, outChannels: number, style: LayerStyle) {
    const hiddenChannels = outChannels / 2;
    const norm = style.normalization;
    super([
      new Conv2dNormActivation(
        convolution(1, inChannels, hiddenChannels, 1, style),
        norm(hiddenChannels),
        'relu6',
      ),
      new Conv2dNormActivation(
        depthwiseConvolution(3, hiddenChannels, 2, style),
        norm(hiddenChannels),
        'relu6',
      ),
      new Conv2dNormActivation(
        convolution(1, hiddenChannels, outChannels, 1, style),
        norm(outChannels),
        'relu6',
      ),
    ]);
  }

  /** x [N, H, W, in] -> [N, H / 2, W / 2, out]. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.items.reduce((y, layer) => layer.forward(y), x));
  }

  /** The same in an ONNX graph: x [N, in, H, W] -> [N, out, H / 2, W / 2]. */
  exportTo(x: Value): Value {
    return this.items.reduce((y, layer) => layer.exportTo(y), x);
  }
}

/** torchvision's SSDLiteFeatureExtractorMobileNet: a body, and maps that are made of its last one. */
export class SsdLiteBackbone extends Module {
  /** Channels of the maps that `forward` returns. */
  readonly outChannels: readonly number[];
  private readonly features: Body;
  private readonly numMaps: number;
  private readonly extra: ModuleList<ExtraBlock>;

  /**
   * With random weights behind the body.
   *
   * @param body what is taken over.
   */
  constructor(body: Body, { numMaps, extraChannels, style }: SsdLiteBackboneOptions) {
    super();
    this.numMaps = numMaps;
    this.outChannels = [...body.outChannels.slice(-numMaps), ...extraChannels];
    this.features = this.child('features', body);
    let inChannels = body.outChannels.at(-1)!;
    const blocks = extraChannels.map((outChannels) => {
      const block = new ExtraBlock(inChannels, outChannels, style);
      inChannels = outChannels;
      return block;
    });
    this.extra = this.child('extra', new ModuleList(blocks));
  }

  /** x [N, H, W, 3] -> maps, finest first, each but the first of half the size of the one before. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => {
      const maps = this.features.forward(x).slice(-this.numMaps);
      for (const block of this.extra.items) maps.push(block.forward(maps.at(-1)!));
      return maps;
    });
  }

  /** The same in an ONNX graph: x [N, 3, H, W] -> maps. */
  exportTo(x: Value): Value[] {
    const maps = requireExported(this.features.exportTo?.(x), this.features).slice(-this.numMaps);
    for (const block of this.extra.items) maps.push(block.exportTo(maps.at(-1)!));
    return maps;
  }
}
