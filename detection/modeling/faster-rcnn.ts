import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../nn/trainable';
import { disposingAll } from '../nn/scope';
import type { Detections } from '../structures/instances';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import type { BackboneWithFpn } from './backbone/feature-pyramid';
import { Model } from './examples/model';
import type { RoiHeads } from './roi/roi-heads';
import type { RegionProposalNetwork } from './rpn/region-proposal-network';

/**
 * Faster R-CNN (Ren et al. 2015) with a feature pyramid: backbone, region proposal network, ROI heads. Parameters
 * have torchvision's names.
 */
export class FasterRcnn extends Model<DetectionBatch, ImageBatch, Detections[]> {
  readonly backbone: BackboneWithFpn;
  readonly rpn: RegionProposalNetwork;
  readonly roiHeads: RoiHeads;

  constructor(backbone: BackboneWithFpn, rpn: RegionProposalNetwork, roiHeads: RoiHeads) {
    super();
    this.backbone = this.child('backbone', backbone);
    this.rpn = this.child('rpn', rpn);
    this.roiHeads = this.child('roi_heads', roiHeads);
  }

  /** loss_objectness, loss_rpn_box_reg, loss_classifier, loss_box_reg. The caller disposes. */
  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const features = this.backbone.forward(images.tensor);
      const { proposals, losses: rpnLosses } = this.rpn.train(features, images, targets);
      const roiLosses = this.roiHeads.losses(features, proposals, images, targets);
      return { ...rpnLosses, ...roiLosses };
    });
  }

  /** Boxes in pixels of the original images, best first. */
  detect(images: ImageBatch): Detections[] {
    return disposingAll(() => {
      const features = this.backbone.forward(images.tensor);
      const proposals = this.rpn.propose(features, images);
      return this.roiHeads.detect(features, proposals, images);
    });
  }

  override predict(images: ImageBatch): Detections[] {
    return this.detect(images);
  }
}
