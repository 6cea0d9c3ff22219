import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { sigmoidFocalLossSum } from '../../ops/sigmoid-focal-loss';
import type { FasterRcnnLossOptions } from '../faster-rcnn-defaults';
import { weighed } from '../loss-settings';
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

/**
 * loss_objectness and loss_rpn_box_reg: torchvision's RegionProposalNetwork.compute_loss. Of no sampled
 * anchors both are 0, with a gradient of 0. The caller disposes.
 *
 * @param predictions in the order of `anchorsOfBatch`
 * @param samples of each image
 */
export function rpnLosses(
  { logits, deltas }: SampledPredictions,
  samples: readonly AnchorSample[],
  boxCoder: BoxCoder,
  options: FasterRcnnLossOptions,
): Losses {
  return tf.tidy(() => {
    const numSampled = samples.reduce(
      (sum, { positives, negatives }) => sum + positives.length + negatives.length,
      0,
    );
    const numPositives = samples.reduce((sum, { positives }) => sum + positives.length, 0);
    summary.scalar('rpn/num_pos_anchors', numPositives / samples.length);
    summary.scalar('rpn/num_neg_anchors', (numSampled - numPositives) / samples.length);

    if (numSampled === 0) {
      return { loss_objectness: nothingOf(logits), loss_rpn_box_reg: nothingOf(deltas) };
    }
    const predDeltas = tf.slice2d(deltas, [0, 0], [numPositives, 4]);
    const targets = concatTargets(samples.map(({ boxes }) => boxes));
    const boxSum = boxLossSum(predDeltas, targets, boxCoder, { ...options, box: options.rpn.box });
    return weighed(
      {
        loss_objectness: objectnessLoss(logits, numPositives, options),
        loss_rpn_box_reg: tf.div<tf.Scalar>(boxSum, numSampled),
      },
      options.weights,
    );
  });
}

/** Mean over sampled anchors, of which the first are positive. */
function objectnessLoss(
  logits: tf.Tensor1D,
  numPositives: number,
  { rpn, focal }: FasterRcnnLossOptions,
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
