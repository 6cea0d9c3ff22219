import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { softmaxFocalLossOfRows, softmaxFocalLossSum } from '../../ops/softmax-focal-loss';
import {
  FAST_RCNN_LOSS_NAMES,
  type FasterRcnnLossOptions,
  type HeadLossNames,
} from '../faster-rcnn-defaults';
import { weighed, weightsOfLabels, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLoss, boxLossSum, concatTargets, type BoxTargets } from '../matching/box-loss';
import { shares } from '../sample-rows';
import { boxOfLabel, type RoiPredictions } from './box-head';
import { classificationStatistics } from './classification-statistics';

/** Table of `summary.samples`; of one head of several, behind what its statistics' names begin with. */
export const ROI_SAMPLES = 'roi_head/samples';

/** What the box head should have predicted for the R sampled proposals of one image. */
export interface RoiTargets {
  /** [R], 0 is background. */
  readonly labels: Int32Array;
  /** Of the proposals with a label > 0. */
  readonly boxes: BoxTargets;
}

/** What a box head says of the samples of a batch, and what it should have said of those of each image. */
export interface BoxHeadOutputs {
  /** Of the samples of all images. */
  readonly predictions: RoiPredictions;
  /** Of each image, in the order of the predictions. */
  readonly targets: readonly RoiTargets[];
}

/** How the losses of a box head are computed. */
export type BoxHeadLossOptions = Pick<
  FasterRcnnLossOptions,
  'roi' | 'smoothL1Beta' | 'focal' | 'classWeights'
> & {
  /** By the losses' names. */
  readonly weights: LossWeights<string>;
};

/** One box head of several. */
export interface BoxHeadLossNames {
  /** Its losses. */
  readonly losses: HeadLossNames;
  /** What the names of its statistics begin with. */
  readonly statistics: string;
}

const ONLY_HEAD: BoxHeadLossNames = { losses: FAST_RCNN_LOSS_NAMES, statistics: '' };

/**
 * loss_classifier and loss_box_reg: torchvision's fastrcnn_loss; the box loss is divided by all ROIs, so that each
 * counts the same. Where all of a batch lies in regions to ignore there is no ROI, and both are 0. The caller disposes.
 *
 * @param targets of each image, in the order of the predictions
 * @param names of losses and statistics, of one head of several; torchvision's names if left out
 */
export function fastRcnnLosses(
  predictions: RoiPredictions,
  targets: readonly RoiTargets[],
  boxCoder: BoxCoder,
  options: BoxHeadLossOptions,
  names: BoxHeadLossNames = ONLY_HEAD,
): Losses {
  describeLosses(predictions, targets, boxCoder, options, names);
  return lossesOfPiece(predictions, targets, boxCoder, options, names.losses, labelsOf(targets));
}

/**
 * What some of the ROIs of a batch add to `fastRcnnLosses`: over pieces that have each ROI once, the sum is that of all. Tells nobody
 * of it. The caller disposes.
 *
 * @param targets of each image, in the order of the predictions, both of this piece
 * @param allLabels of the whole batch, by which the sums are divided
 */
export function lossesOfPiece(
  predictions: RoiPredictions,
  targets: readonly RoiTargets[],
  boxCoder: BoxCoder,
  options: BoxHeadLossOptions,
  [className, boxName]: HeadLossNames,
  allLabels: Int32Array,
): Losses {
  return tf.tidy(() => {
    const { classLogits } = predictions;
    const labels = labelsOf(targets);
    const { predDeltas, boxTargets, boxOptions } = positivesOf(predictions, labels, targets, options);
    const boxSum = boxLossSum(predDeltas, boxTargets, boxCoder, boxOptions);
    return weighed(
      {
        // The sum of none is 0, with a gradient of 0.
        [className]:
          labels.length > 0
            ? classifierLoss(classLogits, labels, options, allLabels)
            : tf.sum<tf.Scalar>(classLogits),
        [boxName]: tf.div<tf.Scalar>(boxSum, Math.max(1, allLabels.length)),
      },
      options.weights,
    );
  });
}

/** Tells how many samples there are, how well they are classified, and what each loses. Parameters as those of `fastRcnnLosses`. */
export function describeLosses(
  predictions: RoiPredictions,
  targets: readonly RoiTargets[],
  boxCoder: BoxCoder,
  options: BoxHeadLossOptions,
  { losses: [className, boxName], statistics }: BoxHeadLossNames = ONLY_HEAD,
): void {
  const { classLogits } = predictions;
  const labels = labelsOf(targets);
  const numRois = labels.length;
  const numPositives = labels.filter((label) => label > 0).length;
  summary.scalar(`${statistics}roi_head/num_fg_samples`, numPositives / targets.length);
  summary.scalar(`${statistics}roi_head/num_bg_samples`, (numRois - numPositives) / targets.length);
  summary.scalars(() => classificationStatistics(classLogits, labels, statistics));
  summary.samples(`${statistics}${ROI_SAMPLES}`, () => {
    const { weights } = options;
    const { losses, divisor } = classifierLosses(classLogits, labels, options);
    const ofRois = shares(losses, weights[className] / divisor);
    const { positives, predDeltas, boxTargets, boxOptions } = positivesOf(
      predictions,
      labels,
      targets,
      options,
    );
    const boxLosses = boxLoss(predDeltas, boxTargets, boxCoder, boxOptions);
    const ofPositives = shares(boxLosses, weights[boxName] / Math.max(1, numRois));
    const ofBoxes = new Float32Array(numRois);
    positives.forEach((roi, i) => (ofBoxes[roi] = ofPositives[i]));
    let first = 0;
    return targets.map((ofImage, image) => {
      const [start, end] = [first, (first += ofImage.labels.length)];
      const [ofClasses, ofItsBoxes] = [ofRois.subarray(start, end), ofBoxes.subarray(start, end)];
      return { image, losses: { [className]: ofClasses, [boxName]: ofItsBoxes } };
    });
  });
}

/** [R] of all images, one after the other. */
export function labelsOf(targets: readonly Pick<RoiTargets, 'labels'>[]): Int32Array {
  return Int32Array.from(targets.flatMap(({ labels }) => [...labels]));
}

/** The positives among ROIs: of the boxes that are predicted for each, the one of its label, and its target. */
function positivesOf(
  { classLogits, boxDeltas }: RoiPredictions,
  labels: Int32Array,
  targets: readonly RoiTargets[],
  options: BoxHeadLossOptions,
) {
  const numLabels = classLogits.shape[1];
  const boxesOfRoi = boxDeltas.shape[1] / 4;
  const positives = Int32Array.from(labels.keys()).filter((roi) => labels[roi] > 0);
  const ofLabel = tf.tensor1d(
    positives.map((roi) => roi * boxesOfRoi + boxOfLabel(labels[roi], boxesOfRoi, numLabels)),
    'int32',
  );
  return {
    positives,
    predDeltas: tf.gather(tf.reshape<tf.Rank.R2>(boxDeltas, [labels.length * boxesOfRoi, 4]), ofLabel),
    boxTargets: concatTargets(targets.map(({ boxes }) => boxes)),
    boxOptions: { ...options, box: options.roi.box },
  };
}

/**
 * Sum over ROIs, each by the weight of its class, divided by the weights of all of the batch: of these all, torch's cross_entropy, or
 * the focal loss in its place.
 */
function classifierLoss(
  classLogits: tf.Tensor2D,
  labels: Int32Array,
  options: BoxHeadLossOptions,
  allLabels: Int32Array,
): tf.Scalar {
  if (isPlain(options)) {
    const mean: tf.Scalar = tf.losses.softmaxCrossEntropy(oneHotOf(labels, classLogits), classLogits);
    return labels.length === allLabels.length ? mean : tf.mul(mean, labels.length / allLabels.length);
  }
  const { weightsOfRois, gamma } = roiWeights(labels, options);
  const { divisor } = roiWeights(allLabels, options);
  return tf.div(softmaxFocalLossSum(classLogits, labels, weightsOfRois, gamma), divisor);
}

/** The same of each ROI, undivided: [R] or [R, 1]. */
function classifierLosses(
  classLogits: tf.Tensor2D,
  labels: Int32Array,
  options: BoxHeadLossOptions,
): { losses: tf.Tensor; divisor: number } {
  if (isPlain(options)) {
    const oneHot = oneHotOf(labels, classLogits);
    const losses = tf.losses.softmaxCrossEntropy(oneHot, classLogits, undefined, 0, tf.Reduction.NONE);
    return { losses, divisor: Math.max(1, labels.length) };
  }
  const { weightsOfRois, gamma, divisor } = roiWeights(labels, options);
  return { losses: softmaxFocalLossOfRows(classLogits, labels, weightsOfRois, gamma), divisor };
}

function isPlain({ roi, classWeights }: BoxHeadLossOptions): boolean {
  return roi.classification !== 'focal' && classWeights.length === 0;
}

function oneHotOf(labels: Int32Array, { shape: [, numLabels] }: tf.Tensor2D): tf.Tensor {
  return tf.oneHot(tf.tensor1d(labels, 'int32'), numLabels);
}

function roiWeights(labels: Int32Array, { roi, focal, classWeights }: BoxHeadLossOptions) {
  const isFocal = roi.classification === 'focal';
  const weights = weightsOfLabels(labels, classWeights) ?? new Float32Array(labels.length).fill(1);
  const ofLabel = (label: number): number => (!isFocal ? 1 : label > 0 ? focal.alpha : 1 - focal.alpha);
  return {
    weightsOfRois: weights.map((weight, i) => weight * ofLabel(labels[i])),
    gamma: isFocal ? focal.gamma : 0,
    divisor: weights.reduce((total, weight) => total + weight, 0),
  };
}
