/** Losses of boxes by how they overlap: torchvision's generalized_, distance_ and complete_box_iou_loss. */
import * as tf from '@tensorflow/tfjs-core';
import { noGradient } from '../nn/tfjs-internals';
import type { Boxes } from '../structures/boxes';

/** By which overlap: generalized (Rezatofighi et al. 2019), distance, complete (Zheng et al. 2020). */
export type BoxIouLoss = 'giou' | 'diou' | 'ciou';

const EPSILON = 1e-7;

/** How two lists of boxes lie to one another. Sides [N, 2]: width and height; the rest [N, 1]. */
interface Overlap {
  readonly predSides: tf.Tensor;
  readonly gtSides: tf.Tensor;
  readonly union: tf.Tensor;
  readonly iou: tf.Tensor;
  /** Of the smallest box around both. */
  readonly hullSides: tf.Tensor;
}

/**
 * Sum of the losses of corresponding boxes x1, y1, x2, y2, of none 0. Gradients are torch's, also where sides coincide, and
 * where a predicted box has negative ones. The caller disposes.
 *
 * @param predBoxes [N, 4]
 * @param gtBoxes N boxes
 */
export function boxIouLossSum(
  kind: BoxIouLoss,
  predBoxes: tf.Tensor2D,
  gtBoxes: tf.Tensor2D | Boxes,
): tf.Scalar {
  return tf.tidy(() => tf.sum(boxIouLoss(kind, predBoxes, gtBoxes)));
}

/** The same of each box: [N, 1]. The caller disposes. */
export function boxIouLoss(
  kind: BoxIouLoss,
  predBoxes: tf.Tensor2D,
  gtBoxes: tf.Tensor2D | Boxes,
): tf.Tensor {
  return tf.tidy(() => {
    const gt = gtBoxes instanceof tf.Tensor ? gtBoxes : tf.tensor2d(gtBoxes, predBoxes.shape);
    return LOSSES[kind](overlap(predBoxes, gt), predBoxes, gt);
  });
}

const LOSSES: Readonly<
  Record<BoxIouLoss, (overlap: Overlap, predBoxes: tf.Tensor2D, gtBoxes: tf.Tensor2D) => tf.Tensor>
> = {
  giou: ({ iou, union, hullSides }) => {
    const hull = area(hullSides);
    return tf.sub(1, tf.sub(iou, tf.div(tf.sub(hull, union), tf.add(hull, EPSILON))));
  },
  diou: distanceIouLoss,
  ciou: (boxes, predBoxes, gtBoxes) => {
    const { iou, predSides, gtSides } = boxes;
    const difference = tf.sub(aspect(gtSides), aspect(predSides));
    const inconsistency = tf.mul(4 / Math.PI ** 2, tf.square(difference));
    // A weight, which nothing is to learn to change.
    const weight = noGradient(() =>
      tf.div(inconsistency, tf.add(tf.add(tf.sub(1, iou), inconsistency), EPSILON)),
    );
    return tf.add(distanceIouLoss(boxes, predBoxes, gtBoxes), tf.mul(weight, inconsistency));
  },
};

function distanceIouLoss(
  { iou, hullSides }: Overlap,
  predBoxes: tf.Tensor2D,
  gtBoxes: tf.Tensor2D,
): tf.Tensor {
  const diagonal = tf.add(tf.sum(tf.square(hullSides), 1, true), EPSILON);
  const distance = tf.sum(tf.square(tf.sub(centers(predBoxes), centers(gtBoxes))), 1, true);
  return tf.add(tf.sub(1, iou), tf.div(distance, diagonal));
}

function overlap(predBoxes: tf.Tensor2D, gtBoxes: tf.Tensor2D): Overlap {
  // Of either list how much of each side is in the intersection: 1, 0, or a half where they coincide. Gradients are shared
  // alike then, as torch does; tf.maximum and tf.minimum give all to one of them.
  const [predShare, gtShare] = noGradient((): tf.Tensor[] => {
    const inwards = tf.tensor1d([1, 1, -1, -1]);
    const order = tf.sign(tf.mul(tf.sub(predBoxes, gtBoxes), inwards));
    return [tf.div(tf.add(1, order), 2), tf.div(tf.sub(1, order), 2)];
  });
  const inner = tf.add(tf.mul(predBoxes, predShare), tf.mul(gtBoxes, gtShare));
  const hull = tf.add(tf.mul(predBoxes, gtShare), tf.mul(gtBoxes, predShare));
  const predSides = sides(predBoxes);
  const gtSides = sides(gtBoxes);
  const intersection = area(tf.relu(sides(inner)));
  const union = tf.sub(tf.add(area(predSides), area(gtSides)), intersection);
  const iou = tf.div(intersection, tf.add(union, EPSILON));
  return { predSides, gtSides, union, iou, hullSides: sides(hull) };
}

function corner(boxes: tf.Tensor, first: number): tf.Tensor {
  return tf.slice(boxes, [0, first], [-1, 2]);
}

function sides(boxes: tf.Tensor): tf.Tensor {
  return tf.sub(corner(boxes, 2), corner(boxes, 0));
}

function centers(boxes: tf.Tensor): tf.Tensor {
  return tf.div(tf.add(corner(boxes, 2), corner(boxes, 0)), 2);
}

function widthAndHeight(ofSides: tf.Tensor): [tf.Tensor, tf.Tensor] {
  return [tf.slice(ofSides, [0, 0], [-1, 1]), tf.slice(ofSides, [0, 1], [-1, 1])];
}

function area(ofSides: tf.Tensor): tf.Tensor {
  const [width, height] = widthAndHeight(ofSides);
  return tf.mul(width, height);
}

/** The angle of the diagonal, from the vertical. */
function aspect(ofSides: tf.Tensor): tf.Tensor {
  const [width, height] = widthAndHeight(ofSides);
  return tf.atan(tf.div(width, height));
}
