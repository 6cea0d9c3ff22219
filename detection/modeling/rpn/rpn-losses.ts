import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../engine/summary';
import type { Losses } from '../../engine/trainable';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { concatBoxes } from '../../structures/boxes';
import { fasterRcnnDefaults } from '../defaults';
import type { RpnPredictions } from './rpn-head';

/** The anchors of one image that take part in the losses. Indices count through all anchors of the image. */
export interface AnchorSample {
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
  /** Box deltas [positives, 4] that the positives should have predicted. */
  readonly gtDeltas: Float32Array;
}

/**
 * loss_objectness and loss_rpn_box_reg: torchvision's RegionProposalNetwork.compute_loss. The caller disposes.
 *
 * @param samples of each image
 */
export function rpnLosses(
  { objectnessLogits, boxDeltas }: RpnPredictions,
  samples: readonly AnchorSample[],
): Losses {
  return tf.tidy(() => {
    const numAnchors = objectnessLogits.shape[1];
    const inBatch = (pick: (sample: AnchorSample) => Int32Array): Int32Array =>
      concatIndices(
        samples.map((sample, image) => pick(sample).map((anchor) => anchor + image * numAnchors)),
      );
    const positives = inBatch((sample) => sample.positives);
    const negatives = inBatch((sample) => sample.negatives);
    const numSampled = positives.length + negatives.length;
    summary.scalar('rpn/num_positive_anchors', positives.length / samples.length);
    summary.scalar('rpn/num_negative_anchors', negatives.length / samples.length);

    const sampled = tf.tensor1d(concatIndices([positives, negatives]), 'int32');
    const labels = tf.tensor1d(
      Float32Array.from({ length: numSampled }, (_, i) => (i < positives.length ? 1 : 0)),
    );
    const logits = tf.gather(tf.reshape(objectnessLogits, [-1]), sampled);
    const predDeltas = tf.gather(tf.reshape(boxDeltas, [-1, 4]), tf.tensor1d(positives, 'int32'));
    const gtDeltas = tf.tensor2d(concatBoxes(samples.map((sample) => sample.gtDeltas)), [
      positives.length,
      4,
    ]);
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
