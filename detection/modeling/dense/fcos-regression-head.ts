import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Conv2d } from '../../nn/convolution';
import type { SampleRows } from '../../events/samples';
import { summary } from '../../events/summary';
import { headLosses, sumByName, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Losses } from '../../nn/trainable';
import { boxIouLoss, boxIouLossSum, type BoxIouLoss } from '../../ops/box-iou-loss';
import { concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import { weighed, type LossWeights } from '../loss-settings';
import type { DistanceCoder } from '../matching/distance-coder';
import { DENSE_SAMPLES, shares } from '../sample-rows';
import { levelsToTrain, type AnchorTargets, type LevelTargets } from './anchor-targets';
import { exportedRows, headConvolution, type DenseTower } from './dense-tower';
import { imageGroups, mapsOf } from './image-groups';

/** What the head says of every place of one level of N images. */
export interface LocationPredictions {
  /** [N, H * W, 4], 0 or more: left, top, right, bottom in sides of the anchor. */
  readonly distances: tf.Tensor3D;
  /** [N, H * W, 1], logit of how near the place is to the middle of its object. */
  readonly centerness: tf.Tensor3D;
}

/** Options of the box losses of FCOS. */
export interface FcosBoxLossOptions {
  /** The IoU loss that compares boxes. */
  readonly box: BoxIouLoss;
  /** Weight of each loss. */
  readonly weights: LossWeights<'bbox_regression' | 'bbox_ctrness'>;
}

/** Says of every place of every level where its object's sides are, and how central it is: torchvision's FCOSRegressionHead. */
export class FcosRegressionHead extends Module {
  /** What `losses` returns. */
  readonly lossNames = ['bbox_regression', 'bbox_ctrness'] as const;
  private readonly tower: DenseTower;
  private readonly distances: Conv2d;
  private readonly centerness: Conv2d;

  /**
   * Takes over the tower; the predictions begin with random weights.
   *
   * @param channels of the levels
   */
  constructor(
    tower: DenseTower,
    channels: number,
    random: RandomStream,
    private readonly coder: DistanceCoder,
    private readonly lossOptions: FcosBoxLossOptions,
    private readonly headGradients: HeadGradients = 'in-forward',
  ) {
    super();
    this.tower = this.child('conv', tower);
    this.distances = this.child('bbox_reg', headConvolution(channels, 4, random));
    this.centerness = this.child('bbox_ctrness', headConvolution(channels, 1, random));
  }

  /** A level [N, H, W, C]: by row, by column. The caller disposes. */
  forward(feature: tf.Tensor4D): LocationPredictions {
    return tf.tidy(() => {
      const hidden = this.tower.forward(feature);
      const [batch] = feature.shape;
      return {
        distances: tf.reshape<tf.Rank.R3>(this.distances.forward(hidden, { nonlinearity: 'relu' }), [
          batch,
          -1,
          4,
        ]),
        centerness: tf.reshape<tf.Rank.R3>(this.centerness.forward(hidden), [batch, -1, 1]),
      };
    });
  }

  /** The same in an ONNX graph: feature [N, C, H, W]. */
  exportTo(feature: Value): Record<'distances' | 'centerness', Value> {
    const hidden = this.tower.exportTo(feature);
    return {
      distances: exportedRows(this.distances.exportTo(hidden, { nonlinearity: 'relu' }), 4),
      centerness: exportedRows(this.centerness.exportTo(hidden), 1),
    };
  }

  /**
   * `bbox_regression` and `bbox_ctrness`: of the places that find an object, in pieces: each image of each level is done with
   * before the next begins; each level, with gradients at the end. Levels on which there is no object are not looked at,
   * which who computes losses outside of the model cannot know. The caller disposes.
   *
   * @param anchors of each level
   * @param targets of each image
   * @param divisor what the sums are divided by
   */
  losses(
    features: readonly tf.Tensor4D[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisor: number,
  ): Losses {
    const pieces = imageGroups(targets.length, this.headGradients).flatMap((images) => {
      const ofImages = images.map((image) => targets[image]);
      return levelsToTrain(...ofImages).map((level) => (): Losses => {
        const predictions = this.forward(mapsOf(features[level], images));
        return this.levelLosses(predictions, level, images, anchors, targets, divisor);
      });
    });
    return headLosses(pieces, this.headGradients);
  }

  /**
   * The same of predictions that are there already. The caller disposes.
   *
   * @param predictions of each level
   */
  lossesOf(
    predictions: readonly LocationPredictions[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisor: number,
  ): Losses {
    const images = [...targets.keys()];
    const ofLevel = (level: number): Losses =>
      tf.tidy(() => this.levelLosses(predictions[level], level, images, anchors, targets, divisor));
    return tf.tidy(() => sumByName(levelsToTrain(...targets).map(ofLevel)));
  }

  /** Of one level of some images. To be called in a tidy. @param predictions of these images alone */
  private levelLosses(
    predictions: LocationPredictions,
    level: number,
    images: readonly number[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisor: number,
  ): Losses {
    const ofLevel = images.map((image) => targets[image].levels[level]);
    const pairs = this.predictedAndWanted(predictions, anchors[level], ofLevel);
    const losses = {
      bbox_regression: tf.div<tf.Scalar>(this.boxLoss(pairs), divisor),
      bbox_ctrness: tf.div<tf.Scalar>(tf.sum(centernessLosses(pairs)), divisor),
    };
    summary.samples(DENSE_SAMPLES, () => this.describe(pairs, images, level, ofLevel, divisor));
    return weighed(losses, this.lossOptions.weights);
  }

  private boxLoss({ predBoxes, gtBoxes }: PlacePairs): tf.Scalar {
    return boxIouLossSum(this.lossOptions.box, predBoxes, gtBoxes);
  }

  /** What each place that finds an object loses, and where it sees the object. */
  private describe(
    { predBoxes, gtBoxes, ...centerness }: PlacePairs,
    images: readonly number[],
    level: number,
    targets: readonly LevelTargets[],
    divisor: number,
  ): SampleRows[] {
    const { box, weights } = this.lossOptions;
    const boxes = predBoxes.dataSync<'float32'>();
    const ofBoxes = shares(boxIouLoss(box, predBoxes, gtBoxes), weights.bbox_regression / divisor);
    const ofCenterness = shares(centernessLosses(centerness), weights.bbox_ctrness / divisor);
    let first = 0;
    return images.map((image, i) => {
      const { positives } = targets[i];
      const [start, end] = [first, (first += positives.length)];
      const losses = {
        bbox_regression: ofBoxes.subarray(start, end),
        bbox_ctrness: ofCenterness.subarray(start, end),
      };
      return { image, level, rows: positives, losses, predBoxes: boxes.subarray(4 * start, 4 * end) };
    });
  }

  /** Of some images' places of one level that find an object. */
  private predictedAndWanted(
    predictions: LocationPredictions,
    anchors: Boxes,
    targets: readonly LevelTargets[],
  ): PlacePairs {
    const numPlaces = numBoxes(anchors);
    const rows = tf.tensor1d(
      targets.flatMap(({ positives }, image) => [...positives].map((place) => image * numPlaces + place)),
      'int32',
    );
    const distances = tf.gather(tf.reshape<tf.Rank.R2>(predictions.distances, [-1, 4]), rows);
    const predCenterness = tf.gather(tf.reshape<tf.Rank.R1>(predictions.centerness, [-1]), rows);
    const positiveAnchors = concatBoxes(targets.map(({ positives }) => selectBoxes(anchors, positives)));
    const gtBoxes = concatBoxes(targets.map((target) => target.gtBoxes));
    return {
      predBoxes: this.coder.decode(distances, positiveAnchors),
      gtBoxes,
      predCenterness,
      gtCenterness: centernessOf(this.coder.encode(gtBoxes, positiveAnchors)),
    };
  }
}

/** What the head says of P places, and what it should say. */
interface PlacePairs {
  /** [P, 4] */
  readonly predBoxes: tf.Tensor2D;
  readonly gtBoxes: Boxes;
  /** [P] logits. */
  readonly predCenterness: tf.Tensor1D;
  /** [P] 0..1. */
  readonly gtCenterness: Float32Array;
}

/** sqrt(min(l, r) / max(l, r) * min(t, b) / max(t, b)) (Tian et al. 2019, equation 3). */
function centernessOf(distances: Float32Array): Float32Array {
  const { fround } = Math;
  const result = new Float32Array(distances.length / 4);
  for (let i = 0; i < result.length; i++) {
    const [left, top, right, bottom] = distances.subarray(4 * i, 4 * i + 4);
    const across = fround(Math.min(left, right) / Math.max(left, right));
    const down = fround(Math.min(top, bottom) / Math.max(top, bottom));
    result[i] = Math.sqrt(fround(across * down));
  }
  return result;
}

/** torch's binary_cross_entropy_with_logits: [P]. */
function centernessLosses({
  predCenterness,
  gtCenterness,
}: Pick<PlacePairs, 'predCenterness' | 'gtCenterness'>): tf.Tensor1D {
  const labels = tf.tensor1d(gtCenterness);
  return tf.losses.sigmoidCrossEntropy(labels, predCenterness, undefined, 0, tf.Reduction.NONE);
}
