import type * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import { readSync } from '../../nn/reading';
import { disposingAll } from '../../nn/scope';
import type { Detections } from '../../structures/instances';
import type { ImageBatch, ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import { inOriginalPixels } from '../found';
import type { RpnOutputs } from '../rpn/region-proposal-network';
import { predictionsAt } from '../rpn/rpn-losses';
import { predictRois, roiLosses, type SeparableRcnn } from './separable-rcnn';
import { SeparatedDetector } from './separated-detector';

/** All that the detector knows before it sees a target. */
export interface DenseOutputs extends RpnOutputs {
  /** [N, H, W, C] of each level: the loss function pools from them. */
  readonly features: readonly tf.Tensor4D[];
  /** Of the images. */
  readonly imageSizes: ImageSizes;
}

/**
 * The second of the two ways to separate an R-CNN from its losses: the forward knows no targets and returns
 * everything dense. Detection begins with the same forward, with fewer proposals.
 *
 * It cannot know which anchors will count, so it computes as a detector does whose heads take their gradients at the
 * end.
 */
export class DenseRcnn extends SeparatedDetector<SeparableRcnn, ImageBatch, DenseOutputs> {
  override forward(images: ImageBatch, mode: 'train' | 'test' = 'train'): DenseOutputs {
    const { backbone, rpn } = this.detector;
    const { sizes, originalSizes } = images;
    const features = backbone.forward(images.tensor);
    return { features, imageSizes: { sizes, originalSizes }, ...rpn.forward(features, images, mode) };
  }

  override detect(images: ImageBatch): Detections[] {
    return disposingAll(() => {
      const { features, proposals } = this.forward(images, 'test');
      const found = readSync(() => this.detector.roiHeads.detect(features, proposals, images));
      return inOriginalPixels(found, images);
    });
  }
}

/**
 * The loss function that belongs to it: matches, samples, and runs the ROI heads, since what they are to look at
 * depends on the targets. So half of the detector's forward is here, trained weights and sampling streams included.
 *
 * @param detector the one that the outputs come from
 */
export function denseLossFunction(detector: SeparableRcnn) {
  const { rpn } = detector;
  return (outputs: DenseOutputs, targets: readonly Targets[]): Losses => {
    const { features, predictions, anchors, proposals, imageSizes } = outputs;
    const anchorSamples = targets.map((target, image) => rpn.labelAndSample(anchors, target, image));
    const rois = predictRois(detector, features, proposals, targets, imageSizes);
    return {
      ...rpn.lossesOf(predictionsAt(predictions, anchorSamples), anchorSamples),
      ...roiLosses(detector, rois),
    };
  };
}
