import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Conv2d } from '../../nn/convolution';
import type { SampleRows } from '../../events/samples';
import { summary } from '../../events/summary';
import { headLosses, sumByName, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { reshape } from '../../nn/reshape';
import type { Losses } from '../../nn/trainable';
import {
  sigmoidFocalLossOfRows,
  sigmoidFocalLossSums,
  type FocalLossOptions,
  type FocalTargets,
} from '../../ops/sigmoid-focal-loss';
import { weighed, weightsOfLabels, type LossWeights } from '../loss-settings';
import { DENSE_SAMPLES, likeliest, shares } from '../sample-rows';
import type { AnchorTargets, LevelTargets } from './anchor-targets';
import { exportedRows, headConvolution, type DenseTower } from './dense-tower';
import { imageGroups, mapsOf } from './image-groups';

/** Probability of an object that a new head predicts everywhere (Lin et al. 2017, Focal Loss, 4.1). */
const PRIOR_PROBABILITY = 0.01;

/** Options of the classification loss. */
export interface ClassificationLossOptions {
  /** Parameters of the focal loss. */
  readonly focal: FocalLossOptions;
  /** What an object counts in the column of its label, of each category; none: all the same. */
  readonly classWeights: readonly number[];
  /** Weight of the loss. */
  readonly weights: LossWeights<'classification'>;
}

/**
 * Says of every anchor of every level which label it has, one sigmoid a label: torchvision's RetinaNetClassificationHead and
 * FCOSClassificationHead. Label 0, the background, has a column too, which every anchor is trained against.
 */
export class ClassificationHead extends Module {
  /** What `losses` returns. */
  readonly lossNames = ['classification'] as const;
  private readonly tower: DenseTower;
  private readonly logits: Conv2d;

  /**
   * Takes over the tower; the predictions begin with random weights.
   *
   * @param channels of the levels
   * @param numAnchors of each location
   */
  constructor(
    tower: DenseTower,
    channels: number,
    numAnchors: number,
    /** Labels, the background among them. */
    readonly numLabels: number,
    random: RandomStream,
    private readonly lossOptions: ClassificationLossOptions,
    private readonly headGradients: HeadGradients = 'in-forward',
  ) {
    super();
    this.tower = this.child('conv', tower);
    const bias = -Math.log((1 - PRIOR_PROBABILITY) / PRIOR_PROBABILITY);
    this.logits = this.child(
      'cls_logits',
      headConvolution(channels, numAnchors * numLabels, random, { bias }),
    );
  }

  /** A level [N, H, W, C] -> logits [N, H * W * A, K + 1]: by row, by column, by anchor. The caller disposes. */
  forward(feature: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => {
      const logits = this.logits.forward(this.tower.forward(feature));
      return reshape<tf.Rank.R3>(logits, [feature.shape[0], -1, this.numLabels]);
    });
  }

  /** The same in an ONNX graph: feature [N, C, H, W]. */
  exportTo(feature: Value): Value {
    return exportedRows(this.logits.exportTo(this.tower.exportTo(feature)), this.numLabels);
  }

  /**
   * `classification`: focal loss of all anchors that count, in pieces: each image of each level is done with before the next
   * begins; each level, with gradients at the end. The caller disposes.
   *
   * @param targets of each image
   * @param divisors of each image: what its sum is divided by
   */
  losses(
    features: readonly tf.Tensor4D[],
    targets: readonly AnchorTargets[],
    divisors: readonly number[],
  ): Losses {
    const groups = imageGroups(targets.length, this.headGradients);
    const pieces = features.flatMap((feature, level) =>
      groups.map((images) => (): Losses => {
        const logits = this.forward(mapsOf(feature, images));
        const ofLevel = images.map((image) => targets[image].levels[level]);
        const ofImages = images.map((image) => divisors[image]);
        summary.samples(DENSE_SAMPLES, () =>
          images.map((image, i) => ({
            image,
            level,
            ...this.describe(tf.squeeze(tf.slice(logits, i, 1), [0]), ofLevel[i], ofImages[i]),
          })),
        );
        return this.levelLosses(logits, ofLevel, ofImages);
      }),
    );
    return headLosses(pieces, this.headGradients);
  }

  /**
   * The same of predictions that are there already. The caller disposes.
   *
   * @param logits of each level [N, R, K + 1]
   */
  lossesOf(
    logits: readonly tf.Tensor3D[],
    targets: readonly AnchorTargets[],
    divisors: readonly number[],
  ): Losses {
    const ofLevel = (ofAll: tf.Tensor3D, level: number): Losses => {
      const levelTargets = targets.map(({ levels }) => levels[level]);
      return tf.tidy(() => this.levelLosses(ofAll, levelTargets, divisors));
    };
    return tf.tidy(() => sumByName(logits.map(ofLevel)));
  }

  /** Of one level of N images. To be called in a tidy. @param logits [N, R, K + 1] */
  private levelLosses(
    logits: tf.Tensor3D,
    targets: readonly LevelTargets[],
    divisors: readonly number[],
  ): Losses {
    const { focal, classWeights, weights } = this.lossOptions;
    const focalTargets = targets.map((ofImage) => focalTargetsOf(ofImage, classWeights));
    const sums = sigmoidFocalLossSums(logits, focalTargets, focal);
    const loss = tf.sum<tf.Scalar>(tf.div(sums, tf.tensor1d([...divisors])));
    return weighed({ classification: loss }, weights);
  }

  /** What the head says of one level of an image, and what each anchor loses. @param logits [R, K + 1] */
  private describe(
    logits: tf.Tensor2D,
    targets: LevelTargets,
    divisor: number,
  ): Pick<SampleRows, 'losses' | 'scores' | 'labels'> {
    const { focal, classWeights, weights } = this.lossOptions;
    const losses = sigmoidFocalLossOfRows(logits, focalTargetsOf(targets, classWeights), focal);
    return {
      ...likeliest(tf.sigmoid(logits).dataSync<'float32'>(), this.numLabels),
      losses: { classification: shares(losses, weights.classification / divisor) },
    };
  }
}

function focalTargetsOf(
  { positives, gtLabels, ignored }: LevelTargets,
  classWeights: readonly number[],
): FocalTargets {
  return {
    positives: { rows: positives, columns: gtLabels, weights: weightsOfLabels(gtLabels, classWeights) },
    ignoredRows: ignored,
  };
}
