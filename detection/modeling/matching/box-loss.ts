import * as tf from '@tensorflow/tfjs-core';
import { boxIouLoss, type BoxIouLoss } from '../../ops/box-iou-loss';
import { l1, smoothL1 } from '../../ops/smooth-l1';
import { concatBoxes, type Boxes } from '../../structures/boxes';
import type { BoxCoder } from './box-coder';
import { decodeBoxes } from './decode-boxes';

/** How boxes are compared: their deltas by distance, or they themselves by overlap. */
export type BoxLoss = 'l1' | 'smooth_l1' | BoxIouLoss;

/** Options of the box loss. */
export interface BoxLossOptions {
  /** The loss function. */
  readonly box: BoxLoss;
  /** Beta of `smooth_l1`: the difference of deltas from which on the loss is linear. */
  readonly smoothL1Beta: number;
}

/** Where the objects are that some anchors or proposals have found. */
export interface BoxTargets {
  /** The anchors or proposals: what deltas start from. */
  readonly references: Boxes;
  /** As many. */
  readonly gtBoxes: Boxes;
}

/** Those of all lists, in their order. */
export function concatTargets(lists: readonly BoxTargets[]): BoxTargets {
  return {
    references: concatBoxes(lists.map(({ references }) => references)),
    gtBoxes: concatBoxes(lists.map(({ gtBoxes }) => gtBoxes)),
  };
}

/**
 * Sum of the losses of predicted deltas: torchvision's _box_loss. The caller disposes.
 *
 * @param predDeltas [P, 4]
 * @param targets of P objects
 */
export function boxLossSum(
  predDeltas: tf.Tensor2D,
  targets: BoxTargets,
  coder: BoxCoder,
  options: BoxLossOptions,
): tf.Scalar {
  return tf.tidy(() => tf.sum(boxLoss(predDeltas, targets, coder, options)));
}

/** The same of each object: [P, 4] by its deltas or [P, 1] by its overlap. The caller disposes. */
export function boxLoss(
  predDeltas: tf.Tensor2D,
  { references, gtBoxes }: BoxTargets,
  coder: BoxCoder,
  { box, smoothL1Beta }: BoxLossOptions,
): tf.Tensor {
  return tf.tidy(() => {
    if (box !== 'l1' && box !== 'smooth_l1') {
      return boxIouLoss(box, decodeBoxes(predDeltas, references, coder), gtBoxes);
    }
    const gtDeltas = tf.tensor2d(coder.encode(gtBoxes, references), predDeltas.shape);
    return box === 'l1' ? l1(predDeltas, gtDeltas) : smoothL1(predDeltas, gtDeltas, smoothL1Beta);
  });
}
