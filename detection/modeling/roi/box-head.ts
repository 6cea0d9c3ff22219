import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Conv2dNormActivation } from '../../nn/conv2d-norm-activation';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut } from '../../nn/initializers';
import { linear, type Linear } from '../../nn/linear';
import { Module } from '../../nn/module';
import type { NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import { reshape } from '../../nn/reshape';

/** torchvision's TwoMLPHead. */
export class TwoMlpHead extends Module {
  private readonly fc6: Linear;
  private readonly fc7: Linear;

  /**
   * With random weights.
   *
   * @param channels of the pooled ROIs
   * @param resolution their height and width
   * @param names of the layers; torchvision's if left out
   */
  constructor(
    channels: number,
    resolution: number,
    /** Number of features per ROI. */
    readonly outFeatures: number,
    random: RandomStream,
    names: readonly [string, string] = ['fc6', 'fc7'],
  ) {
    super();
    const layout = { channels, height: resolution, width: resolution };
    this.fc6 = this.child(names[0], linear(channels * resolution ** 2, outFeatures, random, layout));
    this.fc7 = this.child(names[1], linear(outFeatures, outFeatures, random));
  }

  /** Pooled ROIs [R, size, size, C] -> [R, outFeatures]. The caller disposes. */
  forward(pooled: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const [numRois, height, width, channels] = pooled.shape;
      const flat = reshape<tf.Rank.R2>(pooled, [numRois, height * width * channels]);
      return this.fc7.forward(this.fc6.forward(flat, { relu: true }), { relu: true });
    });
  }

  /** The same in an ONNX graph: pooled ROIs [R, C, size, size]. */
  exportTo(pooled: Value): Value {
    return this.fc7.exportTo(this.fc6.exportTo(pooled.op('Flatten'), { relu: true }), { relu: true });
  }
}

/** torchvision's FastRCNNConvFCHead with one linear layer, as fasterrcnn_resnet50_fpn_v2 has it. */
export class FastRcnnConvFcHead extends Module {
  private readonly convolutions: readonly Conv2dNormActivation[];
  private readonly linear: Linear;

  /**
   * With random weights.
   *
   * @param channels of the pooled ROIs
   * @param resolution their height and width
   */
  constructor(
    channels: number,
    resolution: number,
    /** Channels of each 3x3 convolution. */
    convolutionChannels: readonly number[],
    /** Number of features per ROI. */
    readonly outFeatures: number,
    normalization: NormalizationFactory,
    random: RandomStream,
  ) {
    super();
    let inChannels = channels;
    this.convolutions = convolutionChannels.map((outChannels, index) => {
      const weight = kaimingNormalFanOut([3, 3, inChannels, outChannels], random);
      inChannels = outChannels;
      const convolution = new Conv2d(weight, undefined, { padding: 1 });
      const layer = new Conv2dNormActivation(convolution, normalization(outChannels), 'relu');
      return this.child(String(index), layer);
    });
    const layout = { channels: inChannels, height: resolution, width: resolution };
    // torchvision's Sequential counts the flattening in between as a layer.
    this.linear = this.child(
      String(convolutionChannels.length + 1),
      linear(inChannels * resolution ** 2, outFeatures, random, layout),
    );
  }

  /** Pooled ROIs [R, size, size, C] -> [R, outFeatures]. The caller disposes. */
  forward(pooled: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const map = this.convolutions.reduce((x, layer) => layer.forward(x), pooled);
      const [numRois, height, width, channels] = map.shape;
      const flat = reshape<tf.Rank.R2>(map, [numRois, height * width * channels]);
      return this.linear.forward(flat, { relu: true });
    });
  }

  /** The same in an ONNX graph: pooled ROIs [R, C, size, size]. */
  exportTo(pooled: Value): Value {
    const map = this.convolutions.reduce((x, layer) => layer.exportTo(x), pooled);
    return this.linear.exportTo(map.op('Flatten'), { relu: true });
  }
}

/** What the heads say of R regions; K foreground classes and the background, which is class 0. */
export interface RoiPredictions {
  /** [R, K + 1] */
  classLogits: tf.Tensor2D;
  /** [R, B * 4], B boxes of each region: one for each label, for each foreground class, or one for all. */
  boxDeltas: tf.Tensor2D;
}

/** The same in an ONNX graph. */
export interface ExportedRoiPredictions {
  /** [R, K + 1] */
  readonly classLogits: Value;
  /** [R, B * 4] */
  readonly boxDeltas: Value;
  /** K */
  readonly numClasses: number;
  /** B */
  readonly boxesOfRoi: number;
}

/** @param classScore, boxDeltas the layers that predict them */
export function exportPredictions(x: Value, classScore: Linear, boxDeltas: Linear): ExportedRoiPredictions {
  return {
    classLogits: classScore.exportTo(x),
    boxDeltas: boxDeltas.exportTo(x),
    numClasses: classScore.bias.value.size - 1,
    boxesOfRoi: boxDeltas.bias.value.size / 4,
  };
}

/** Which of the boxes of a region is a label's. */
export function boxOfLabel(label: number, boxesOfRoi: number, numLabels: number): number {
  if (boxesOfRoi === 1) return 0;
  return boxesOfRoi === numLabels ? label : label - 1;
}

/** What says of a region's features what is in it, and where. */
export interface BoxPredictor extends Module {
  /** [R, in] -> predictions for the R regions. The caller disposes. */
  forward(x: tf.Tensor2D): RoiPredictions;
  /** The same in an ONNX graph. */
  exportTo(x: Value): ExportedRoiPredictions;
}

/** torchvision's FastRCNNPredictor: K foreground classes and the background, which is class 0. */
export class FastRcnnPredictor extends Module implements BoxPredictor {
  private readonly classScore: Linear;
  private readonly boxDeltas: Linear;

  /**
   * With random weights.
   *
   * @param numClasses K, without the background
   */
  constructor(inFeatures: number, numClasses: number, random: RandomStream) {
    super();
    this.classScore = this.child('cls_score', linear(inFeatures, numClasses + 1, random));
    this.boxDeltas = this.child('bbox_pred', linear(inFeatures, 4 * (numClasses + 1), random));
  }

  /** [R, in] -> predictions for the R regions. The caller disposes. */
  forward(x: tf.Tensor2D): RoiPredictions {
    return { classLogits: this.classScore.forward(x), boxDeltas: this.boxDeltas.forward(x) };
  }

  exportTo(x: Value): ExportedRoiPredictions {
    return exportPredictions(x, this.classScore, this.boxDeltas);
  }
}
