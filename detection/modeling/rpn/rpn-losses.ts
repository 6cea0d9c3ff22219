import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { concatBoxes } from '../../structures/boxes';
import { fasterRcnnDefaults } from '../faster-rcnn-defaults';
import type { RpnPredictions, SampledPredictions } from './rpn-head';

/** The anchors of one image that take part in the losses. Indices count through all anchors of the image. */
export interface AnchorSample {
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
  /** Box deltas [positives, 4] that the positives should have predicted. */
  readonly gtDeltas: Float32Array;
}

/**
 * The sampled anchors of a batch as indices image * numAnchors + anchor: the positives of all images, then the
 * negatives.
 */
export function anchorsOfBatch(samples: readonly AnchorSample[], numAnchors: number): Int32Array {
  const inBatch = (pick: (sample: AnchorSample) => Int32Array): Int32Array[] =>
    samples.map((sample, image) => pick(sample).map((anchor) => anchor + image * numAnchors));
  return concatIndices([...inBatch((sample) => sample.positives), ...inBatch((sample) => sample.negatives)]);
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

/** What `rpnLosses` returns. */
export const RPN_LOSS_NAMES = ['loss_objectness', 'loss_rpn_box_reg'] as const;

/**
 * loss_objectness and loss_rpn_box_reg: torchvision's RegionProposalNetwork.compute_loss. The caller disposes.
 *
 * @param predictions in the order of `anchorsOfBatch`
 * @param samples of each image
 */
export function rpnLosses({ logits, deltas }: SampledPredictions, samples: readonly AnchorSample[]): Losses {
  return tf.tidy(() => {
    const numSampled = logits.shape[0];
    const numPositives = samples.reduce((sum, { positives }) => sum + positives.length, 0);
    summary.scalar('rpn/num_pos_anchors', numPositives / samples.length);
    summary.scalar('rpn/num_neg_anchors', (numSampled - numPositives) / samples.length);

    const labels = tf.tensor1d(
      Float32Array.from({ length: numSampled }, (_, i) => (i < numPositives ? 1 : 0)),
    );
    const predDeltas = tf.slice(deltas, 0, numPositives);
    const gtDeltas = tf.tensor2d(concatBoxes(samples.map((sample) => sample.gtDeltas)), [numPositives, 4]);
    return {
      loss_objectness: tf.losses.sigmoidCrossEntropy(labels, logits),
      loss_rpn_box_reg: tf.div(
        smoothL1Sum(predDeltas, gtDeltas, fasterRcnnDefaults.smoothL1Beta),
        numSampled,
      ),
    };
  });
}

function concatIndices(lists: readonly Int32Array[]): Int32Array {
  return Int32Array.from(lists.flatMap((list) => [...list]));
}
