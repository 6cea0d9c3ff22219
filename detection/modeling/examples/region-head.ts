import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import { linear, type Linear } from '../../nn/linear';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { boxIouLossSum } from '../../ops/box-iou-loss';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { type Boxes, numBoxes } from '../../structures/boxes';
import { BoxCoder } from '../matching/box-coder';
import { decodeBoxes } from '../matching/decode-boxes';
import { Model } from './model';
import { crossEntropy } from './classifier';
import { squaredError } from './multi-task';

export interface Regions {
  /** [N, F] */
  readonly features: tf.Tensor2D;
  /** N reference boxes */
  readonly anchors: Boxes;
}

export interface LabeledRegions extends Regions {
  readonly boxes: Boxes;
  readonly labels: Int32Array;
}

export interface RegionPredictions {
  readonly boxes: Boxes;
  readonly labels: Int32Array;
}

/** What the head learns by; each wants the same predictions in another representation. */
export interface RegionLosses {
  /** Softmax cross-entropy takes class indices, the Brier score one-hot rows. */
  readonly classes: 'cross-entropy' | 'brier';
  /** Smooth L1 takes offsets from the anchors, generalized IoU corners. */
  readonly boxes: 'smooth-l1' | 'generalized-iou';
}

const HIDDEN_FEATURES = 32;

const boxCoder = new BoxCoder([1, 1, 1, 1]);

/**
 * Claim: different losses expect different representations of what a model predicts.
 *
 * What goes in and what comes out are corners and class indices, whichever losses are chosen. The representation in
 * which a loss is computed is made beside that loss, and nobody else ever sees it.
 */
export class RegionHead extends Model<LabeledRegions, Regions, RegionPredictions> {
  private readonly body: Linear;
  private readonly classes: Linear;
  private readonly offsets: Linear;

  constructor(
    features: number,
    numClasses: number,
    private readonly use: RegionLosses,
    random: RandomStream,
  ) {
    super();
    this.body = this.child('body', linear(features, HIDDEN_FEATURES, random));
    this.classes = this.child('classes', linear(HIDDEN_FEATURES, numClasses, random));
    this.offsets = this.child('offsets', linear(HIDDEN_FEATURES, 4, random));
  }

  override losses({ features, anchors, boxes: gtBoxes, labels: gtLabels }: LabeledRegions): Losses {
    return tf.tidy(() => {
      const { logits, offsets } = this.represent(features);
      const loss_classifier =
        this.use.classes === 'cross-entropy'
          ? crossEntropy(logits, gtLabels)
          : squaredError(tf.sigmoid(logits), tf.oneHot(tf.tensor1d(gtLabels, 'int32'), logits.shape[1]));
      const loss_box_reg =
        this.use.boxes === 'smooth-l1'
          ? meanSmoothL1(offsets, boxTensor(boxCoder.encode(gtBoxes, anchors)))
          : meanGeneralizedIou(decodeBoxes(offsets, anchors, boxCoder), gtBoxes);
      return { loss_classifier, loss_box_reg };
    });
  }

  override predict({ features, anchors }: Regions): RegionPredictions {
    return disposingAll(() => {
      const { logits, offsets } = this.represent(features);
      return {
        boxes: boxCoder.decode(offsets.dataSync<'float32'>(), anchors),
        labels: tf.argMax(logits, 1).dataSync<'int32'>(),
      };
    });
  }

  /** Logits [N, classes], and offsets [N, 4] from the anchors. */
  protected represent(features: tf.Tensor2D): { logits: tf.Tensor2D; offsets: tf.Tensor2D } {
    const hidden = this.body.forward(features, { relu: true });
    return { logits: this.classes.forward(hidden), offsets: this.offsets.forward(hidden) };
  }
}

/** [N, 4] */
export function boxTensor(boxes: Boxes): tf.Tensor2D {
  return tf.tensor2d(boxes, [numBoxes(boxes), 4]);
}

/** Mean of smooth L1 with beta 1 over all numbers. */
export function meanSmoothL1(pred: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  return tf.div(smoothL1Sum(pred, target, 1), pred.size);
}

/** Mean over N boxes x1, y1, x2, y2 [N, 4]. */
function meanGeneralizedIou(predBoxes: tf.Tensor2D, gtBoxes: Boxes): tf.Scalar {
  return tf.div(boxIouLossSum('giou', predBoxes, gtBoxes), predBoxes.shape[0]);
}
