import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Module } from '../../nn/module';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { IouType } from '../detector';
import type { ExportedBoxes, ExportedFound, ExportedImages } from '../exported';
import type { Found } from '../found';

/** The sampled proposals of one image, a row each, in pixels of the resized image. */
export interface Sample {
  /** The sampled boxes, R of them. */
  readonly boxes: Boxes;
  /** [R], 0 is background. */
  readonly labels: Int32Array;
  /** [R] index of the ground truth that each is matched to; -1 for background. */
  readonly matchedGt: Int32Array;
}

/** What a box stage gives in training. */
export interface BoxStageLosses {
  /** By name. */
  readonly losses: Losses;
  /** The proposals that it has learned from, of each image. */
  readonly samples: readonly Sample[];
}

/** What a box stage says in training, its losses apart: see `predict` of the stages. */
export interface BoxStageOutputs<Outputs> {
  /** All that its losses are computed from. The caller disposes the tensors. */
  readonly outputs: Outputs;
  /** The proposals that it learns from, of each image. */
  readonly samples: readonly Sample[];
}

/** What finds boxes: one box head, or a cascade of them, which replaces it. Lists have an entry for each image. */
export interface BoxStage extends Module {
  /** What `losses` returns. */
  readonly lossNames: readonly string[];
  /** What `detect` finds, of a stage that has further heads in it; boxes alone if left out. */
  readonly iouTypes?: readonly IouType[];
  /**
   * Training-mode forward: samples proposals to learn from, on which further heads are trained too. The caller disposes the
   * losses.
   */
  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): BoxStageLosses;
  /** Inference. */
  detect(features: readonly tf.Tensor4D[], proposals: readonly Boxes[], images: ImageBatch): Reading<Found[]>;
  /** `detect` in an ONNX graph; absent: it cannot be exported. @param features [N, C, H, W] of each level */
  exportTo?(features: readonly Value[], proposals: ExportedBoxes, images: ExportedImages): ExportedFound;
}

/** What adds to boxes that are found: masks, keypoints. In pixels of the resized images. */
export interface RoiHead extends Module {
  /** What `losses` returns. */
  readonly lossNames: readonly string[];
  /** What the head adds to detections. */
  readonly iouType: IouType;
  /** Training-mode forward; decides which of the samples count for it. The caller disposes. */
  losses(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): Losses;
  /** Inference: the same objects, and more about each. */
  refine(features: readonly tf.Tensor4D[], found: readonly Found[], images: ImageBatch): Reading<Found[]>;
  /** `refine` in an ONNX graph; absent: it cannot be exported. @param features [N, C, H, W] of each level */
  exportTo?(features: readonly Value[], found: ExportedFound, images: ExportedImages): ExportedFound;
}
