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
  { classLogits, boxDeltas }: RoiPredictions,
  targets: readonly RoiTargets[],
  boxCoder: BoxCoder,
  options: BoxHeadLossOptions,
  names: BoxHeadLossNames = ONLY_HEAD,
): Losses {
  const [className, boxName] = names.losses;
  return tf.tidy(() => {
    const [numRois, numLabels] = classLogits.shape;
    const labels = Int32Array.from(targets.flatMap((ofImage) => [...ofImage.labels]));
    const positives = Int32Array.from([...labels.keys()].filter((roi) => labels[roi] > 0));
    const { statistics } = names;
    summary.scalar(`${statistics}roi_head/num_fg_samples`, positives.length / targets.length);
    summary.scalar(`${statistics}roi_head/num_bg_samples`, (numRois - positives.length) / targets.length);
    summary.scalars(() => classificationStatistics(classLogits, labels, statistics));

    // Of the boxes that are predicted for a ROI, the one of its label.
    const boxesOfRoi = boxDeltas.shape[1] / 4;
    const ofLabel = tf.tensor1d(
      positives.map((roi) => roi * boxesOfRoi + boxOfLabel(labels[roi], boxesOfRoi, numLabels)),
      'int32',
    );
    const predDeltas = tf.gather(tf.reshape<tf.Rank.R2>(boxDeltas, [numRois * boxesOfRoi, 4]), ofLabel);
    const boxTargets = concatTargets(targets.map(({ boxes }) => boxes));
    const boxOptions = { ...options, box: options.roi.box };
    const boxSum = boxLossSum(predDeltas, boxTargets, boxCoder, boxOptions);
    summary.samples(`${statistics}${ROI_SAMPLES}`, () => {
      const { weights } = options;
      const { losses, divisor } = classifierLosses(classLogits, labels, options);
      const ofRois = shares(losses, weights[className] / divisor);
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
    return weighed(
      {
        // The sum of none is 0, with a gradient of 0.
        [className]:
          numRois > 0 ? classifierLoss(classLogits, labels, options) : tf.sum<tf.Scalar>(classLogits),
        [boxName]: tf.div<tf.Scalar>(boxSum, Math.max(1, numRois)),
      },
      options.weights,
    );
  });
}

/** Mean over ROIs, each by the weight of its class: torch's cross_entropy, or the focal loss in its place. */
function classifierLoss(
  classLogits: tf.Tensor2D,
  labels: Int32Array,
  options: BoxHeadLossOptions,
): tf.Scalar {
  if (isPlain(options)) return tf.losses.softmaxCrossEntropy(oneHotOf(labels, classLogits), classLogits);
  const { weightsOfRois, gamma, divisor } = roiWeights(labels, options);
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
