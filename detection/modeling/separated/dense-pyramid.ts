import { readSync } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Detections, Targets } from '../../structures/instances';
import type { DensePredictions } from '../dense/dense-inference';
import { Fcos } from '../fcos';
import { inOriginalPixels } from '../found';
import type { RetinaNet } from '../retinanet';
import { SeparatedDetector } from './separated-detector';

/** All that the detector says of a batch. Lists have an entry for each level. */
export interface PyramidOutputs {
  /** Of all anchors of all images. */
  readonly predictions: readonly DensePredictions[];
  /** In pixels of the resized images. They belong to the anchor generator: do not write into them. */
  readonly anchors: readonly Boxes[];
}

/**
 * A RetinaNet or an FCOS apart from its losses, as torchvision writes it. Nothing is sampled, so there is one way to cut it: the
 * forward knows no targets, and its outputs are what detection begins with, too.
 *
 * It computes as a detector does whose heads take their gradients at the end.
 */
export class DensePyramid extends SeparatedDetector<RetinaNet | Fcos, ImageBatch, PyramidOutputs> {
  override forward(images: ImageBatch): PyramidOutputs {
    const { backbone, head, anchorGenerator } = this.detector;
    const features = backbone.forward(images.tensor);
    return {
      predictions: features.map((feature) => head.forward(feature)),
      anchors: anchorGenerator.forward(features, images),
    };
  }

  override detect(images: ImageBatch): Detections[] {
    const found = readSync(() => {
      const { predictions, anchors } = this.forward(images);
      return this.detector.postprocess(predictions, anchors, images.sizes);
    });
    return inOriginalPixels(found, images);
  }
}

/** What compares outputs with what they should have been. */
type PyramidLossFunction = (outputs: PyramidOutputs, targets: readonly Targets[]) => Losses;

/**
 * The loss function that belongs to it: matches, and compares. Nothing of it is trained.
 *
 * @param detector the one that the outputs come from, or one with the same settings
 */
export function pyramidLossFunction(detector: RetinaNet | Fcos): PyramidLossFunction {
  return detector instanceof Fcos ? fcosLossFunction(detector) : retinaNetLossFunction(detector);
}

function retinaNetLossFunction(detector: RetinaNet): PyramidLossFunction {
  const { classification, regression } = detector.head;
  return ({ predictions, anchors }, targets) => {
    const { matched, divisors } = detector.match(anchors, targets);
    const classLogits = predictions.map((level) => level.classLogits);
    const boxDeltas = predictions.map((level) => level.boxDeltas);
    return {
      ...classification.lossesOf(classLogits, matched, divisors),
      ...regression.lossesOf(boxDeltas, anchors, matched, divisors),
    };
  };
}

function fcosLossFunction(detector: Fcos): PyramidLossFunction {
  const { classification, regression } = detector.head;
  return ({ predictions, anchors }, targets) => {
    const { matched, divisors } = detector.match(anchors, targets);
    const classLogits = predictions.map((level) => level.classLogits);
    const places = predictions.map(({ boxDeltas, centerness }) => ({
      distances: boxDeltas,
      centerness: centerness!,
    }));
    return {
      ...classification.lossesOf(classLogits, matched, divisors),
      ...regression.lossesOf(places, anchors, matched, divisors[0]),
    };
  };
}
