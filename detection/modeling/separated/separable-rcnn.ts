import type * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import type { Boxes } from '../../structures/boxes';
import type { ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { Detector } from '../detector';
import { FasterRcnn } from '../faster-rcnn';
import type { BoxStage, BoxStageOutputs, RoiHead, Sample } from '../roi/box-stage';

/** A box stage that can be cut in two: what it says, and the losses of that. */
export interface SeparableBoxStage extends BoxStage {
  /** Training-mode forward up to the losses. To be called in a tidy. */
  predict(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): BoxStageOutputs<unknown>;
  /** The losses of what `predict` of the same stage has returned, and of nothing else. The caller disposes. */
  lossesOf(outputs: unknown): Losses;
}

/** A further head that can be cut in two. */
export interface SeparableRoiHead extends RoiHead {
  /** Training-mode forward up to the losses. To be called in a tidy. */
  predict(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): unknown;
  /** The losses of what `predict` of the same head has returned, and of nothing else. The caller disposes. */
  lossesOf(outputs: unknown): Losses;
}

/** A Faster, Mask, Keypoint or Cascade R-CNN whose heads can all be cut in two. */
export type SeparableRcnn = FasterRcnn<SeparableBoxStage, SeparableRoiHead>;

/** Whether a detector is such. */
export function isSeparableRcnn(detector: Detector): detector is SeparableRcnn {
  if (!(detector instanceof FasterRcnn)) return false;
  const { boxStage, heads } = (detector as FasterRcnn<BoxStage>).roiHeads;
  return [boxStage, ...heads].every((part) => 'predict' in part && 'lossesOf' in part);
}

/**
 * What all ROI heads say of their samples, and should say. Each entry is the business of one head: only its own losses can do
 * anything with it, which no type can express of heads that are configured.
 */
export interface RoiOutputs {
  /** Of the box stage. */
  readonly boxes: unknown;
  /** Of each head that adds to the boxes. */
  readonly further: readonly unknown[];
}

/** Training-mode forward of the ROI heads up to their losses. To be called in a tidy. */
export function predictRois(
  { roiHeads: { boxStage, heads } }: SeparableRcnn,
  features: readonly tf.Tensor4D[],
  proposals: readonly Boxes[],
  targets: readonly Targets[],
  images: ImageSizes,
): RoiOutputs {
  const { outputs, samples } = boxStage.predict(features, proposals, targets, images);
  const further = heads.map((head) => head.predict(features, samples, targets, images));
  return { boxes: outputs, further };
}

/** The losses of that. The caller disposes. */
export function roiLosses(
  { roiHeads: { boxStage, heads } }: SeparableRcnn,
  { boxes, further }: RoiOutputs,
): Losses {
  const ofHeads = heads.map((head, i) => head.lossesOf(further[i]));
  return Object.assign(boxStage.lossesOf(boxes), ...ofHeads) as Losses;
}
