import * as tf from '@tensorflow/tfjs-core';
import { concat, type Value } from '../../onnx/value';
import { normal } from '../../nn/initializers';
import { Linear } from '../../nn/linear';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import {
  exportPredictions,
  type BoxPredictor,
  type ExportedRoiPredictions,
  type RoiPredictions,
} from './box-head';

/** detectron2's FastRCNNOutputLayers: standard deviations of the initial weights; biases are 0. */
const INITIAL_SCORES = 0.01;
const INITIAL_DELTAS = 0.001;

/**
 * detectron2's FastRCNNOutputLayers: in a file the background is the last label, and it has no box. In what `forward` returns it
 * is the first, as everywhere here.
 */
export class FastRcnnOutputLayers extends Module implements BoxPredictor {
  private readonly classScore: Linear;
  private readonly boxDeltas: Linear;

  /**
   * With random weights.
   *
   * @param numClasses K, without the background
   * @param boxesOfRoi K, or 1 where a region has one box whatever its class: CLS_AGNOSTIC_BBOX_REG
   */
  constructor(
    inFeatures: number,
    private readonly numClasses: number,
    boxesOfRoi: number,
    random: RandomStream,
  ) {
    super();
    const layer = (outFeatures: number, standardDeviation: number): Linear =>
      new Linear(
        normal([inFeatures, outFeatures], standardDeviation, random) as tf.Tensor2D,
        tf.zeros([outFeatures]),
      );
    this.classScore = this.child('cls_score', layer(numClasses + 1, INITIAL_SCORES));
    this.boxDeltas = this.child('bbox_pred', layer(4 * boxesOfRoi, INITIAL_DELTAS));
  }

  forward(x: tf.Tensor2D): RoiPredictions {
    const [numRois] = x.shape;
    const { numClasses } = this;
    const classLogits = tf.tidy(() => {
      const scores = this.classScore.forward(x);
      const background = tf.slice2d(scores, [0, numClasses], [numRois, 1]);
      return tf.concat2d([background, tf.slice2d(scores, [0, 0], [numRois, numClasses])], 1);
    });
    return { classLogits, boxDeltas: this.boxDeltas.forward(x) };
  }

  exportTo(x: Value): ExportedRoiPredictions {
    const predictions = exportPredictions(x, this.classScore, this.boxDeltas);
    const { classLogits: scores, numClasses } = predictions;
    const [background, classes] = [scores.slice(1, numClasses), scores.slice(1, 0, numClasses)];
    return { ...predictions, classLogits: concat([background, classes], 1) };
  }
}
