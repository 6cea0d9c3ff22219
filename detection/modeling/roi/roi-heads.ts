import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Module } from '../../nn/module';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { IouType } from '../detector';
import type { ExportedBoxes, ExportedFound, ExportedImages } from '../exported';
import type { Found } from '../found';
import { requireExported } from '../not-exportable-error';
import type { BoxStage, RoiHead } from './box-stage';

/**
 * torchvision's RoIHeads: what finds boxes among proposals, and the heads that add to these. Lists have an entry for each
 * image.
 */
export class RoiHeads<Stage extends BoxStage = BoxStage, Head extends RoiHead = RoiHead> extends Module {
  /** What `losses` returns: of all heads. */
  readonly lossNames: readonly string[];
  /** What `detect` finds. */
  readonly iouTypes: readonly IouType[];

  /**
   * Takes over the heads.
   */
  constructor(
    /** The stage that finds boxes. */
    readonly boxStage: Stage,
    /** What adds to the boxes, in the order in which it does. */
    readonly heads: readonly Head[] = [],
  ) {
    super();
    // Their parts are called as if they were this module's own: roi_heads.box_head, roi_heads.mask_head.
    for (const part of [boxStage, ...heads]) this.part(part);
    this.lossNames = [boxStage, ...heads].flatMap(({ lossNames }) => lossNames);
    this.iouTypes = [...(boxStage.iouTypes ?? ['bbox' as const]), ...heads.map(({ iouType }) => iouType)];
  }

  /** Training-mode forward: all heads learn from the same samples. The caller disposes the losses. */
  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): Losses {
    return tf.tidy(() => {
      const { losses, samples } = this.boxStage.losses(features, proposals, targets, images);
      const further = this.heads.map((head) => head.losses(features, samples, targets, images));
      return Object.assign({ ...losses }, ...further) as Losses;
    });
  }

  /** Inference: what is found, in pixels of the resized images. */
  *detect(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    images: ImageBatch,
  ): Reading<Found[]> {
    let found = yield* this.boxStage.detect(features, proposals, images);
    for (const head of this.heads) found = yield* head.refine(features, found, images);
    return found;
  }

  /**
   * `detect` in an ONNX graph.
   *
   * @param features [N, C, H, W] of each level
   * @throws NotExportableError
   */
  exportTo(features: readonly Value[], proposals: ExportedBoxes, images: ExportedImages): ExportedFound {
    const { boxStage } = this;
    let found = requireExported(boxStage.exportTo?.(features, proposals, images), boxStage);
    for (const head of this.heads) {
      found = requireExported(head.exportTo?.(features, found, images), head);
    }
    return found;
  }
}
