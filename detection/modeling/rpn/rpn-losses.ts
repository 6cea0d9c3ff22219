import * as tf from '@tensorflow/tfjs-core';
import type { SampleRows } from '../../events/samples';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import {
  sigmoidFocalLossOfRows,
  sigmoidFocalLossSum,
  type PositiveEntries,
} from '../../ops/sigmoid-focal-loss';
import { RPN_LOSS_NAMES, type FasterRcnnLossOptions, type HeadLossNames } from '../faster-rcnn-defaults';
import { weighed, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLoss, boxLossSum, concatTargets, type BoxTargets } from '../matching/box-loss';
import { shares } from '../sample-rows';
import type { RpnPredictions, SampledPredictions } from './rpn-head';

/** Table of `summary.samples`. */
export const RPN_SAMPLES = 'rpn/anchors';

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
  const [className, boxName] = names;
  return tf.tidy(() => {
    const numSampled = samples.reduce(
      (sum, { positives, negatives }) => sum + positives.length + negatives.length,
      0,
    );
    const numPositives = samples.reduce((sum, { positives }) => sum + positives.length, 0);
    summary.scalar('rpn/num_pos_anchors', numPositives / samples.length);
    summary.scalar('rpn/num_neg_anchors', (numSampled - numPositives) / samples.length);

    if (numSampled === 0) {
      return { [className]: nothingOf(logits), [boxName]: nothingOf(deltas) };
    }
    const predDeltas = tf.slice2d(deltas, [0, 0], [numPositives, 4]);
    const targets = concatTargets(samples.map(({ boxes }) => boxes));
    const boxOptions = { ...options, box: options.rpn.box };
    const boxSum = boxLossSum(predDeltas, targets, boxCoder, boxOptions);
    const mean = objectnessLoss(logits, numPositives, options);
    const count = divisor === 'sampled' ? numSampled : batchSize;
    summary.samples(RPN_SAMPLES, () => {
      const objectness = objectnessLosses(logits, numPositives, options);
      const ofAnchors = shares(objectness, options.weights[className] / count);
      const boxes = boxLoss(predDeltas, targets, boxCoder, boxOptions);
      const ofPositives = shares(boxes, options.weights[boxName] / count);
      let [positive, negative] = [0, numPositives];
      return samples.flatMap(({ positives, negatives }, image): SampleRows[] => {
        const [start, end] = [positive, (positive += positives.length)];
        const losses = {
          [className]: ofAnchors.subarray(start, end),
          [boxName]: ofPositives.subarray(start, end),
        };
        const ofNegatives = ofAnchors.subarray(negative, (negative += negatives.length));
        return [
          { image, rows: positives, losses },
          { image, rows: negatives, losses: { [className]: ofNegatives } },
        ];
      });
    });
    return weighed(
      {
        [className]: divisor === 'sampled' ? mean : tf.mul<tf.Scalar>(mean, numSampled / batchSize),
        [boxName]: tf.div<tf.Scalar>(boxSum, count),
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
  if (rpn.classification !== 'focal') {
    return tf.losses.sigmoidCrossEntropy(objectnessLabels(logits, numPositives), logits);
  }
  const [column, positives] = objectnessColumn(logits, numPositives);
  return tf.div(sigmoidFocalLossSum(column, positives, focal), logits.size);
}

/** The same of each anchor, undivided: [R]. */
function objectnessLosses(
  logits: tf.Tensor1D,
  numPositives: number,
  { rpn, focal }: RpnLossOptions,
): tf.Tensor1D {
  if (rpn.classification !== 'focal') {
    const labels = objectnessLabels(logits, numPositives);
    return tf.losses.sigmoidCrossEntropy(labels, logits, undefined, 0, tf.Reduction.NONE);
  }
  const [column, positives] = objectnessColumn(logits, numPositives);
  return sigmoidFocalLossOfRows(column, { positives, ignoredRows: new Int32Array() }, focal);
}

function objectnessLabels({ size }: tf.Tensor1D, numPositives: number): tf.Tensor1D {
  return tf.tensor1d(Float32Array.from({ length: size }, (_, anchor) => (anchor < numPositives ? 1 : 0)));
}

function objectnessColumn(logits: tf.Tensor1D, numPositives: number): [tf.Tensor2D, PositiveEntries] {
  const rows = Int32Array.from({ length: numPositives }, (_, anchor) => anchor);
  return [tf.reshape(logits, [logits.size, 1]), { rows, columns: new Int32Array(numPositives) }];
}

function nothingOf(predictions: tf.Tensor): tf.Scalar {
  return tf.mul(tf.sum(predictions), 0);
}

function concatIndices(lists: readonly Int32Array[]): Int32Array {
  return Int32Array.from(lists.flatMap((list) => [...list]));
}
