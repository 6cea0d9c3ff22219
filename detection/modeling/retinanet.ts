import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import { summary } from '../events/summary';
import type { Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import { concatBoxes, type Boxes } from '../structures/boxes';
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
import type { RetinaNetRegressionHead } from './dense/retinanet-regression-head';
import { DetectorModule, type DetectorTraits } from './detector-module';
import { candidates, DENSE_SAMPLES, matchedCandidates } from './sample-rows';
import type { ExportedFound, ExportedImages } from './exported';
import type { Found } from './found';
import type { BoxCoder } from './matching/box-coder';
import { ignoreBoxesIn } from './matching/ignore-regions';
import type { Matcher } from './matching/matcher';
import type { AnchorGenerator } from './rpn/anchor-generator';

const ABOUT =
  'Anchors are boxes of fixed sizes and shapes at every place of every level. An anchor that overlaps an object enough is positive, one ' +
  'that overlaps all of them little is background, the rest is ignored. Nothing is sampled: the focal loss gives easy background next ' +
  'to no weight. Only positive anchors have a box loss.';

/** torchvision's RetinaNetHead: what runs over every level. */
export class RetinaNetHead extends DenseHead<RetinaNetRegressionHead> {
  /** A level [N, H, W, C] -> predictions for its anchors. The caller disposes. */
  override forward(feature: tf.Tensor4D): DensePredictions {
    return {
      classLogits: this.classification.forward(feature),
      boxDeltas: this.regression.forward(feature),
    };
  }

  override exportTo(feature: Value): ExportedDensePredictions {
    return {
      classLogits: this.classification.exportTo(feature),
      boxDeltas: this.regression.exportTo(feature),
    };
  }
}

/**
 * RetinaNet (Lin et al. 2017, Focal Loss for Dense Object Detection): a feature pyramid, and heads that classify and move
 * every anchor of every level. Nothing is sampled; the focal loss weighs instead. Parameters have torchvision's names.
 */
export class RetinaNet extends DetectorModule {
  /** Backbone with feature pyramid. */
  readonly backbone: BackboneWithFpn;
  /** Head that is applied to every level. */
  readonly head: RetinaNetHead;

  /**
   * Takes over the parts.
   *
   * @param inference which detections are left
   */
  constructor(
    traits: DetectorTraits,
    backbone: BackboneWithFpn,
    /** Lays out the anchors. */
    readonly anchorGenerator: AnchorGenerator,
    head: RetinaNetHead,
    private readonly matcher: Matcher,
    private readonly boxCoder: BoxCoder,
    private readonly inference: DenseInferenceOptions,
  ) {
    super(traits, [...head.classification.lossNames, ...head.regression.lossNames], ['bbox']);
    this.backbone = this.child('backbone', backbone);
    this.head = this.child('head', head);
  }

  /** classification, bbox_regression. The caller disposes. */
  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const features = this.backbone.forward(images.tensor);
      const anchors = this.layAnchors(features, images);
      const { matched, divisors } = this.match(anchors, targets);
      return {
        ...this.head.classification.losses(features, matched, divisors),
        ...this.head.regression.losses(features, anchors, matched, divisors),
      };
    });
  }

  /** Of each level; tells what they are. */
  private layAnchors(features: readonly tf.Tensor4D[], images: ImageBatch): Boxes[] {
    const anchors = this.anchorGenerator.forward(features, images);
    summary.samples(DENSE_SAMPLES, () => candidates(ABOUT, features, anchors));
    return anchors;
  }

  /**
   * Which anchors are which objects.
   *
   * @param anchors of each level
   */
  match(anchors: readonly Boxes[], targets: readonly Targets[]): DenseTargets {
    const ofLevels = concatBoxes(anchors);
    const matched = targets.map((target, image) => {
      const matches = ignoreBoxesIn(target.ignored, this.matcher.match(target.boxes, ofLevels), ofLevels);
      summary.samples(DENSE_SAMPLES, () => [matchedCandidates(image, matches)]);
      return anchorTargets(matches, anchors, target);
    });
    const counts = matched.map(({ numPositives }) => numPositives);
    summary.scalar(
      'retinanet/num_pos_anchors',
      counts.reduce((sum, count) => sum + count, 0) / counts.length,
    );
    // Each image counts the same: its losses are divided by its own objects, and by the number of images.
    return { matched, divisors: counts.map((count) => Math.max(1, count) * counts.length) };
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
    return detectDensely(levels, anchors, imageSizes, this.boxCoder, this.inference);
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
    return exportDenseInference(levels, anchors, images, this.boxCoder, numClasses, this.inference);
  }
}
