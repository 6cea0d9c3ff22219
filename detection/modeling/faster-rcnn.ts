import * as tf from '@tensorflow/tfjs-core';
import type { Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import type { Backbone } from './backbone/backbone';
import type { Detector } from './detector';
import { DetectorModule, type DetectorTraits } from './detector-module';
import type { ExportedFound, ExportedImages } from './exported';
import type { Found } from './found';
import { requireExported } from './not-exportable-error';
import type { BoxStage, RoiHead } from './roi/box-stage';
import { FastRcnnStage } from './roi/fast-rcnn';
import type { RoiHeads } from './roi/roi-heads';
import type { RegionProposalNetwork } from './rpn/region-proposal-network';

/**
 * Faster R-CNN (Ren et al. 2015) with a feature pyramid: backbone, region proposal network, ROI heads. Parameters
 * have torchvision's names.
 *
 * @typeParam Stage what finds boxes among the proposals
 * @typeParam Head what adds to the boxes
 */
export class FasterRcnn<
  Stage extends BoxStage = FastRcnnStage,
  Head extends RoiHead = RoiHead,
> extends DetectorModule {
  /** What makes the maps that everything else looks at. */
  readonly backbone: Backbone;
  /** Region proposal network. */
  readonly rpn: RegionProposalNetwork;
  /** ROI heads. */
  readonly roiHeads: RoiHeads<Stage, Head>;

  /** Takes over the parts. */
  constructor(
    traits: DetectorTraits,
    backbone: Backbone,
    rpn: RegionProposalNetwork,
    roiHeads: RoiHeads<Stage, Head>,
  ) {
    super(traits, [...rpn.lossNames, ...roiHeads.lossNames], roiHeads.iouTypes);
    this.backbone = this.child('backbone', backbone);
    this.rpn = this.child('rpn', rpn);
    this.roiHeads = this.child('roi_heads', roiHeads);
  }

  /** loss_objectness, loss_rpn_box_reg, and those of the ROI heads: loss_classifier, loss_box_reg. The caller disposes. */
  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const features = this.backbone.forward(images.tensor);
      const { proposals, losses: rpnLosses } = this.rpn.train(features, images, targets);
      const roiLosses = this.roiHeads.losses(features, proposals, targets, images);
      return { ...rpnLosses, ...roiLosses };
    });
  }

  protected override *find(images: ImageBatch): Reading<Found[]> {
    const features = this.backbone.forward(images.tensor);
    const proposals = yield* this.rpn.propose(features, images);
    return yield* this.roiHeads.detect(features, proposals, images);
  }

  override exportTo(images: ExportedImages): ExportedFound {
    const features = requireExported(this.backbone.exportTo?.(images.tensor), this.backbone);
    return this.roiHeads.exportTo(features, this.rpn.exportTo(features, images), images);
  }
}

/** Whether a detector is a Faster R-CNN whose boxes come from one stage, not from a cascade of them. */
export function isFasterRcnn(detector: Detector): detector is FasterRcnn {
  if (!(detector instanceof FasterRcnn)) return false;
  const { boxStage } = (detector as FasterRcnn<BoxStage>).roiHeads;
  return boxStage instanceof FastRcnnStage;
}
