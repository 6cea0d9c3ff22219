import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import type { Losses } from '../../nn/trainable';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { concatBoxes } from '../../structures/boxes';
import { fasterRcnnDefaults } from '../faster-rcnn-defaults';
import type { RoiPredictions } from './box-head';
import { classificationStatistics } from './classification-statistics';

/** What the box head should have predicted for the R sampled proposals of one image. */
export interface RoiTargets {
  /** [R], 0 is background. */
  readonly labels: Int32Array;
  /** Box deltas [positives, 4] of the proposals with a label > 0. */
  readonly gtDeltas: Float32Array;
}

/** What `fastRcnnLosses` returns. */
export const FAST_RCNN_LOSS_NAMES = ['loss_classifier', 'loss_box_reg'] as const;

/**
 * loss_classifier and loss_box_reg: torchvision's fastrcnn_loss; the box loss is divided by all ROIs, so that each
 * counts the same. The caller disposes.
 *
 * @param targets of each image, in the order of the predictions
 */
export function fastRcnnLosses(
  { classLogits, boxDeltas }: RoiPredictions,
  targets: readonly RoiTargets[],
): Losses {
  return tf.tidy(() => {
    const [numRois, numLabels] = classLogits.shape;
    const labels = Int32Array.from(targets.flatMap((ofImage) => [...ofImage.labels]));
    const positives = Int32Array.from([...labels.keys()].filter((roi) => labels[roi] > 0));
    summary.scalar('roi_head/num_fg_samples', positives.length / targets.length);
    summary.scalar('roi_head/num_bg_samples', (numRois - positives.length) / targets.length);
    summary.scalars(() => classificationStatistics(classLogits, labels));

    // Of all the boxes that a ROI predicts, one for each class, the one of its label.
    const ofLabel = tf.tensor1d(
      positives.map((roi) => roi * numLabels + labels[roi]),
      'int32',
    );
    const predDeltas = tf.gather(tf.reshape(boxDeltas, [numRois * numLabels, 4]), ofLabel);
    const gtDeltas = tf.tensor2d(concatBoxes(targets.map((ofImage) => ofImage.gtDeltas)), [
      positives.length,
      4,
    ]);
    const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), numLabels);
    return {
      loss_classifier: tf.losses.softmaxCrossEntropy(oneHot, classLogits),
      loss_box_reg: tf.div(smoothL1Sum(predDeltas, gtDeltas, fasterRcnnDefaults.smoothL1Beta), numRois),
    };
  });
}
