import * as tf from '@tensorflow/tfjs-core';
import { concat, type Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { Conv2d } from '../../nn/convolution';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { kaimingNormalFanOut } from '../../nn/initializers';
import { Module } from '../../nn/module';
import { reshape } from '../../nn/reshape';
import { depthwiseConvolution, type LayerStyle } from '../backbone/inverted-residual';
import type { DensePredictions } from './dense-inference';
import type { ExportedDensePredictions } from './dense-inference-onnx';
import { exportedRows } from './dense-tower';

/** torchvision's _prediction_block: a depthwise 3x3 convolution and a 1x1 convolution. */
class PredictionBlock extends Module {
  private readonly depthwise: Conv2dNormActivation;
  private readonly prediction: Conv2d;

  constructor(inChannels: number, outChannels: number, style: LayerStyle) {
    super();
    const { normalization, random, initialWeight = kaimingNormalFanOut } = style;
    this.depthwise = this.child(
      '0',
      new Conv2dNormActivation(
        depthwiseConvolution(3, inChannels, 1, style),
        normalization(inChannels),
        'relu6',
      ),
    );
    this.prediction = this.child(
      '1',
      new Conv2d(initialWeight([1, 1, inChannels, outChannels], random), tf.zeros([outChannels])),
    );
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.prediction.forward(this.depthwise.forward(x)));
  }

  exportTo(x: Value): Value {
    return this.prediction.exportTo(this.depthwise.exportTo(x));
  }
}

/** torchvision's SSDScoringHead: a block of its own for each map, and so many values for each default box. */
class ScoringHead extends Module {
  private readonly moduleList: ModuleList<PredictionBlock>;

  constructor(
    inChannels: readonly number[],
    numAnchors: readonly number[],
    private readonly numColumns: number,
    style: LayerStyle,
  ) {
    super();
    const blocks = inChannels.map(
      (channels, map) => new PredictionBlock(channels, numAnchors[map] * numColumns, style),
    );
    this.moduleList = this.child('module_list', new ModuleList(blocks));
  }

  /** Maps [N, H, W, C] -> [N, A, columns] of the default boxes of all of them. */
  forward(maps: readonly tf.Tensor4D[]): tf.Tensor3D {
    const values = maps.map((map, i) =>
      reshape<tf.Rank.R3>(this.moduleList.items[i].forward(map), [map.shape[0], -1, this.numColumns]),
    );
    return tf.concat3d(values, 1);
  }

  /** The same in an ONNX graph: maps [N, C, H, W]. */
  exportTo(maps: readonly Value[]): Value {
    const values = maps.map((map, i) =>
      exportedRows(this.moduleList.items[i].exportTo(map), this.numColumns),
    );
    return concat(values, 1);
  }
}

/** torchvision's SSDLiteHead: says of every default box of every map which label it has and where its object is. */
export class SsdLiteHead extends Module {
  private readonly classification: ScoringHead;
  private readonly regression: ScoringHead;

  /**
   * With random weights.
   *
   * @param inChannels of each map
   * @param numAnchors default boxes of each place of each map
   * @param numLabels with the background
   */
  constructor(
    inChannels: readonly number[],
    numAnchors: readonly number[],
    numLabels: number,
    style: LayerStyle,
  ) {
    super();
    this.classification = this.child(
      'classification_head',
      new ScoringHead(inChannels, numAnchors, numLabels, style),
    );
    this.regression = this.child('regression_head', new ScoringHead(inChannels, numAnchors, 4, style));
  }

  /** Maps, finest first -> predictions for the default boxes of all: by row, by column, by anchor. The caller disposes. */
  forward(maps: readonly tf.Tensor4D[]): DensePredictions {
    return tf.tidy(() => ({
      classLogits: this.classification.forward(maps),
      boxDeltas: this.regression.forward(maps),
    }));
  }

  /** The same in an ONNX graph: maps [N, C, H, W]. */
  exportTo(maps: readonly Value[]): ExportedDensePredictions {
    return { classLogits: this.classification.exportTo(maps), boxDeltas: this.regression.exportTo(maps) };
  }
}
