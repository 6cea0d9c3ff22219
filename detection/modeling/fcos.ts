import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import { summary } from '../events/summary';
import type { Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { Boxes } from '../structures/boxes';
import type { ImageBatch } from '../structures/image-batch';
import type { Targets } from '../structures/instances';
import type { Size } from '../structures/size';
import type { BackboneWithFpn } from './backbone/feature-pyramid';
import { anchorTargets, type DenseTargets } from './dense/anchor-targets';
import { DenseHead } from './dense/dense-head';
import {
  detectDensely,
  predictLevels,
  type DenseInferenceOptions,
  type DensePredictions,
} from './dense/dense-inference';
import { exportDenseInference, type ExportedDensePredictions } from './dense/dense-inference-onnx';
import type { FcosRegressionHead } from './dense/fcos-regression-head';
import { DetectorModule, type DetectorTraits } from './detector-module';
import { candidates, DENSE_SAMPLES, matchedCandidates } from './sample-rows';
import type { ExportedFound, ExportedImages } from './exported';
import type { Found } from './found';
import { DistanceCoder } from './matching/distance-coder';
import { ignorePlacesIn } from './matching/ignore-regions';
import type { LocationMatcher } from './matching/location-matcher';
import type { AnchorGenerator } from './rpn/anchor-generator';

const ABOUT =
  'Every place of every level is a candidate, drawn here as a square around it. A place near the middle of an object whose size suits ' +
  'the level is positive, every other one is background. Nothing is sampled: the focal loss gives easy background next to no weight. Only ' +
  'positive places have a box loss and one of their centerness.';

/** torchvision's FCOSHead: what runs over every level. */
export class FcosHead extends DenseHead<FcosRegressionHead> {
  /** A level [N, H, W, C] -> predictions for its places; the distances are the deltas. The caller disposes. */
  override forward(feature: tf.Tensor4D): DensePredictions {
    const { distances, centerness } = this.regression.forward(feature);
    return { classLogits: this.classification.forward(feature), boxDeltas: distances, centerness };
  }

  override exportTo(feature: Value): ExportedDensePredictions {
    const { distances, centerness } = this.regression.exportTo(feature);
    return { classLogits: this.classification.exportTo(feature), boxDeltas: distances, centerness };
  }
}

/**
 * FCOS (Tian et al. 2019, Fully Convolutional One-Stage Object Detection): a feature pyramid, and heads that say of every
 * place of every level which object it lies in, how far the object's sides are, and how central the place is. Parameters
 * have torchvision's names.
 */
export class Fcos extends DetectorModule {
  /** Backbone with feature pyramid. */
  readonly backbone: BackboneWithFpn;
  /** Head that is applied to every level. */
  readonly head: FcosHead;
  private readonly coder = new DistanceCoder();

  /**
   * Takes over the parts.
   *
   * @param matcher decides which object a location is to find
   * @param inference which detections are left
   */
  constructor(
    traits: DetectorTraits,
    backbone: BackboneWithFpn,
    /** Lays out the squares around the locations. */
    readonly anchorGenerator: AnchorGenerator,
    head: FcosHead,
    private readonly matcher: LocationMatcher,
    private readonly inference: DenseInferenceOptions,
  ) {
    super(traits, [...head.classification.lossNames, ...head.regression.lossNames], ['bbox']);
    this.backbone = this.child('backbone', backbone);
    this.head = this.child('head', head);
  }

  /** classification, bbox_regression, bbox_ctrness. The caller disposes. */
  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const features = this.backbone.forward(images.tensor);
      const anchors = this.anchorGenerator.forward(features, images);
      summary.samples(DENSE_SAMPLES, () => candidates(ABOUT, features, anchors));
      const { matched, divisors } = this.match(anchors, targets);
      return {
        ...this.head.classification.losses(features, matched, divisors),
        ...this.head.regression.losses(features, anchors, matched, divisors[0]),
      };
    });
  }

  /**
   * Which places are which objects.
   *
   * @param anchors of each level
   */
  match(anchors: readonly Boxes[], targets: readonly Targets[]): DenseTargets {
    const matched = targets.map((target, image) => {
      const matches = ignorePlacesIn(target.ignored, this.matcher.match(target.boxes, anchors), anchors);
      summary.samples(DENSE_SAMPLES, () => [matchedCandidates(image, matches)]);
      return anchorTargets(matches, anchors, target);
    });
    // Each place that finds an object counts the same, in whichever image it is.
    const numPositives = matched.reduce((sum, image) => sum + image.numPositives, 0);
    summary.scalar('fcos/num_pos_places', numPositives / matched.length);
    return { matched, divisors: matched.map(() => Math.max(1, numPositives)) };
  }

  /**
   * Objects of each image, in pixels of the resized images.
   *
   * @param levels predictions for each, which are disposed
   * @param anchors of each level
   */
  postprocess(
    levels: Iterable<DensePredictions>,
    anchors: readonly Boxes[],
    imageSizes: readonly Size[],
  ): Reading<Found[]> {
    return detectDensely(levels, anchors, imageSizes, this.coder, this.inference);
  }

  protected override *find(images: ImageBatch): Reading<Found[]> {
    const features = this.backbone.forward(images.tensor);
    const anchors = this.anchorGenerator.forward(features, images);
    const levels = predictLevels(features, (feature) => this.head.forward(feature));
    return yield* this.postprocess(levels, anchors, images.sizes);
  }

  override exportTo(images: ExportedImages): ExportedFound {
    const features = this.backbone.exportTo(images.tensor);
    const anchors = this.anchorGenerator.exportTo(features, images.tensor);
    const levels = features.map((feature) => this.head.exportTo(feature));
    const numClasses = this.head.classification.numLabels - 1;
    return exportDenseInference(levels, anchors, images, this.coder, numClasses, this.inference);
  }
}
