import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { sigmoidFocalLossSum } from '../../ops/sigmoid-focal-loss';
import { RPN_LOSS_NAMES, type FasterRcnnLossOptions, type HeadLossNames } from '../faster-rcnn-defaults';
import { weighed, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLossSum, concatTargets, type BoxTargets } from '../matching/box-loss';
import type { RpnPredictions, SampledPredictions } from './rpn-head';

/** The anchors of one image that take part in the losses. Indices count through all anchors of the image. */
export interface AnchorSample {
  /** Anchors that are objects, ascending. */
  readonly positives: Int32Array;
  /** Anchors that are background, ascending. */
  readonly negatives: Int32Array;
  /** Of the positives. */
  readonly boxes: BoxTargets;
}

/**
 * The sampled anchors of a batch as indices image * numAnchors + anchor: the positives of all images, then the
 * negatives. Where there are none, since all of the batch lies in regions to ignore, the first anchor: a head needs
 * something to look at.
 */
export function anchorsOfBatch(samples: readonly AnchorSample[], numAnchors: number): Int32Array {
  const inBatch = (pick: (sample: AnchorSample) => Int32Array): Int32Array[] =>
    samples.map((sample, image) => pick(sample).map((anchor) => anchor + image * numAnchors));
  const sampled = concatIndices([
    ...inBatch((sample) => sample.positives),
    ...inBatch((sample) => sample.negatives),
  ]);
  return sampled.length > 0 ? sampled : Int32Array.of(0);
}

/** Of the predictions for all anchors those for the sampled ones, in the order of `anchorsOfBatch`. The caller disposes. */
export function predictionsAt(
  { objectnessLogits, boxDeltas }: RpnPredictions,
  samples: readonly AnchorSample[],
): SampledPredictions {
  return tf.tidy(() => {
    const sampled = tf.tensor1d(anchorsOfBatch(samples, objectnessLogits.shape[1]), 'int32');
    return {
      logits: tf.gather(tf.reshape<tf.Rank.R1>(objectnessLogits, [-1]), sampled),
      deltas: tf.gather(tf.reshape<tf.Rank.R2>(boxDeltas, [-1, 4]), sampled),
    };
  });
}

/** How the losses of the region proposal network are computed. */
export type RpnLossOptions = Pick<FasterRcnnLossOptions, 'rpn' | 'smoothL1Beta' | 'focal'> & {
  /** By the losses' names. */
  readonly weights: LossWeights<string>;
};

/** What torchvision's and detectron2's losses differ in beyond their settings. */
export interface RpnLossStyle {
  /** What they are called. */
  readonly names: HeadLossNames;
  /** What sums over anchors are divided by: those that have been sampled, or as many as should have been. */
  readonly divisor: 'sampled' | 'batch size';
}

export const TORCHVISION_RPN_LOSSES: RpnLossStyle = { names: RPN_LOSS_NAMES, divisor: 'sampled' };

/**
 * loss_objectness and loss_rpn_box_reg: torchvision's RegionProposalNetwork.compute_loss. Of no sampled
 * anchors both are 0, with a gradient of 0. The caller disposes.
 *
 * @param predictions in the order of `anchorsOfBatch`
 * @param samples of each image
 * @param batchSize anchors that should have been sampled of all images
 */
export function rpnLosses(
  { logits, deltas }: SampledPredictions,
  samples: readonly AnchorSample[],
  boxCoder: BoxCoder,
  options: RpnLossOptions,
  { names, divisor }: RpnLossStyle,
  batchSize: number,
): Losses {
  const [classLoss, boxLoss] = names;
  return tf.tidy(() => {
    const numSampled = samples.reduce(
      (sum, { positives, negatives }) => sum + positives.length + negatives.length,
      0,
    );
    const numPositives = samples.reduce((sum, { positives }) => sum + positives.length, 0);
    summary.scalar('rpn/num_pos_anchors', numPositives / samples.length);
    summary.scalar('rpn/num_neg_anchors', (numSampled - numPositives) / samples.length);

    if (numSampled === 0) {
      return { [classLoss]: nothingOf(logits), [boxLoss]: nothingOf(deltas) };
    }
    const predDeltas = tf.slice2d(deltas, [0, 0], [numPositives, 4]);
    const targets = concatTargets(samples.map(({ boxes }) => boxes));
    const boxSum = boxLossSum(predDeltas, targets, boxCoder, { ...options, box: options.rpn.box });
    const mean = objectnessLoss(logits, numPositives, options);
    return weighed(
      {
        [classLoss]: divisor === 'sampled' ? mean : tf.mul<tf.Scalar>(mean, numSampled / batchSize),
        [boxLoss]: tf.div<tf.Scalar>(boxSum, divisor === 'sampled' ? numSampled : batchSize),
      },
      options.weights,
    );
  });
}

/** Mean over sampled anchors, of which the first are positive. */
function objectnessLoss(
  logits: tf.Tensor1D,
  numPositives: number,
  { rpn, focal }: RpnLossOptions,
): tf.Scalar {
  const numSampled = logits.shape[0];
  if (rpn.classification === 'focal') {
    const positives = {
      rows: Int32Array.from({ length: numPositives }, (_, anchor) => anchor),
      columns: new Int32Array(numPositives),
    };
    const column = tf.reshape<tf.Rank.R2>(logits, [numSampled, 1]);
    return tf.div(sigmoidFocalLossSum(column, positives, focal), numSampled);
  }
  const labels = tf.tensor1d(
    Float32Array.from({ length: numSampled }, (_, anchor) => (anchor < numPositives ? 1 : 0)),
  );
  return tf.losses.sigmoidCrossEntropy(labels, logits);
}

function nothingOf(predictions: tf.Tensor): tf.Scalar {
  return tf.mul(tf.sum(predictions), 0);
}

function concatIndices(lists: readonly Int32Array[]): Int32Array {
  return Int32Array.from(lists.flatMap((list) => [...list]));
}
