import type { Losses } from '../../nn/trainable';
import type { DetectionBatch } from '../../structures/detection-batch';
import type { SampledPredictions } from '../rpn/rpn-head';
import type { AnchorSample } from '../rpn/rpn-losses';
import { predictRois, roiLosses, type RoiOutputs, type SeparableRcnn } from './separable-rcnn';
import { SeparatedDetector } from './separated-detector';

/** What the RPN and the ROI heads say, and what each should have said. */
export interface SampledOutputs {
  /** Of the sampled anchors. */
  readonly anchorPredictions: SampledPredictions;
  /** Of each image. */
  readonly anchorSamples: readonly AnchorSample[];
  /** Of the sampled proposals. */
  readonly rois: RoiOutputs;
}

/**
 * The first of the two ways to separate an R-CNN from its losses: the forward is given the targets, samples, and
 * returns what the loss function needs. Nothing of that is of use anywhere else, detection included.
 *
 * Of a detector whose heads take their gradients in the forward it computes the same, but for the gradients: those
 * have to wait for the loss function.
 */
export class SamplingRcnn extends SeparatedDetector<SeparableRcnn, DetectionBatch, SampledOutputs> {
  override forward({ images, targets }: DetectionBatch): SampledOutputs {
    const { backbone, rpn } = this.detector;
    const features = backbone.forward(images.tensor);
    const anchors = rpn.sample(features, images, targets);
    return {
      anchorPredictions: anchors.predict(),
      anchorSamples: anchors.samples,
      rois: predictRois(this.detector, features, anchors.proposals, targets, images),
    };
  }
}

/**
 * The loss function that belongs to it, and to nothing else. A function of the outputs, and of how the losses of this detector
 * are configured: the targets, which `withLoss` offers as well, have been used up in the forward. Of a head that computes its
 * loss together with its last layer, as the mask head does, that layer is here.
 *
 * @param detector the one that the outputs come from
 */
export function sampledLossFunction(detector: SeparableRcnn) {
  return ({ anchorPredictions, anchorSamples, rois }: SampledOutputs): Losses => ({
    ...detector.rpn.lossesOf(anchorPredictions, anchorSamples),
    ...roiLosses(detector, rois),
  });
}
