import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { softmaxFocalLossSum } from '../../ops/softmax-focal-loss';
import {
  FAST_RCNN_LOSS_NAMES,
  type FasterRcnnLossOptions,
  type HeadLossNames,
} from '../faster-rcnn-defaults';
import { weighed, weightsOfLabels, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLossSum, concatTargets, type BoxTargets } from '../matching/box-loss';
import { boxOfLabel, type RoiPredictions } from './box-head';
import { classificationStatistics } from './classification-statistics';

/** What the box head should have predicted for the R sampled proposals of one image. */
export interface RoiTargets {
  /** [R], 0 is background. */
  readonly labels: Int32Array;
  /** Of the proposals with a label > 0. */
  readonly boxes: BoxTargets;
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
  const [classLoss, boxLoss] = names.losses;
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
    const boxSum = boxLossSum(predDeltas, boxTargets, boxCoder, { ...options, box: options.roi.box });
    return weighed(
      {
        // The sum of none is 0, with a gradient of 0.
        [classLoss]:
          numRois > 0 ? classifierLoss(classLogits, labels, options) : tf.sum<tf.Scalar>(classLogits),
        [boxLoss]: tf.div<tf.Scalar>(boxSum, Math.max(1, numRois)),
      },
      options.weights,
    );
  });
}

/** Mean over ROIs, each by the weight of its class: torch's cross_entropy, or the focal loss in its place. */
function classifierLoss(
  classLogits: tf.Tensor2D,
  labels: Int32Array,
  { roi, focal, classWeights }: BoxHeadLossOptions,
): tf.Scalar {
  const isFocal = roi.classification === 'focal';
  if (!isFocal && classWeights.length === 0) {
    const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), classLogits.shape[1]);
    return tf.losses.softmaxCrossEntropy(oneHot, classLogits);
  }
  const weights = weightsOfLabels(labels, classWeights) ?? new Float32Array(labels.length).fill(1);
  const ofLabel = (label: number): number => (!isFocal ? 1 : label > 0 ? focal.alpha : 1 - focal.alpha);
  const weightsOfRois = weights.map((weight, i) => weight * ofLabel(labels[i]));
  const sum = softmaxFocalLossSum(classLogits, labels, weightsOfRois, isFocal ? focal.gamma : 0);
  return tf.div(
    sum,
    weights.reduce((total, weight) => total + weight, 0),
  );
}
