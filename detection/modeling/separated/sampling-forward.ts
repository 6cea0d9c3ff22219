import type { Losses } from '../../nn/trainable';
import type { DetectionBatch } from '../../structures/detection-batch';
import type { FasterRcnn } from '../faster-rcnn';
import type { RoiPredictions } from '../roi/box-head';
import type { RoiTargets } from '../roi/fast-rcnn-losses';
import type { SampledPredictions } from '../rpn/rpn-head';
import type { AnchorSample } from '../rpn/rpn-losses';
import { SeparatedDetector } from './separated-detector';

/** What the two heads say, and what each should have said. Lists have an entry for each image. */
export interface SampledOutputs {
  /** Of the sampled anchors. */
  readonly anchorPredictions: SampledPredictions;
  readonly anchorSamples: readonly AnchorSample[];
  /** Of the sampled proposals. */
  readonly roiPredictions: RoiPredictions;
  readonly roiTargets: readonly RoiTargets[];
}

/**
 * The first of the two ways to separate a Faster R-CNN from its losses: the forward is given the targets, samples, and
 * returns what the loss function needs. Nothing of that is of use anywhere else, detection included.
 *
 * Of a detector whose heads take their gradients in the forward it computes the same, but for the gradients: those
 * have to wait for the loss function.
 */
export class SamplingFasterRcnn extends SeparatedDetector<FasterRcnn, DetectionBatch, SampledOutputs> {
  override forward({ images, targets }: DetectionBatch): SampledOutputs {
    const {
      backbone,
      rpn,
      roiHeads: { boxStage },
    } = this.detector;
    const features = backbone.forward(images.tensor);
    const anchors = rpn.sample(features, images, targets);
    const samples = anchors.proposals.map((boxes, image) =>
      boxStage.labelAndSample(boxes, targets[image], image),
    );
    const sampledBoxes = samples.map(({ boxes }) => boxes);
    return {
      anchorPredictions: anchors.predict(),
      anchorSamples: anchors.samples,
      roiPredictions: boxStage.forward(features, sampledBoxes, images.sizes),
      roiTargets: boxStage.roiTargets(samples, targets),
    };
  }
}

/**
 * The loss function that belongs to it, and to nothing else. A function of the outputs alone, and of how the losses of this
 * detector are configured: the targets, which `withLoss` offers as well, have been used up in the forward.
 *
 * @param detector the one that the outputs come from
 */
export function sampledLossFunction({ rpn, roiHeads: { boxStage } }: FasterRcnn) {
  return (outputs: SampledOutputs): Losses => ({
    ...rpn.lossesOf(outputs.anchorPredictions, outputs.anchorSamples),
    ...boxStage.lossesOf(outputs.roiPredictions, outputs.roiTargets),
  });
}
