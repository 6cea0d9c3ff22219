import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../events/summary';
import { Module } from '../nn/module';
import type { Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import { concatBoxes, type Boxes } from '../structures/boxes';
import type { Targets } from '../structures/instances';
import type { BackboneWithFpn } from './backbone/feature-pyramid';
import { anchorTargets, type AnchorTargets } from './dense/anchor-targets';
import type { ClassificationHead } from './dense/classification-head';
import { detectDensely, type DenseInferenceOptions } from './dense/dense-inference';
import type { RetinaNetRegressionHead } from './dense/retinanet-regression-head';
import { DetectorModule, type DetectorTraits } from './detector-module';
import type { Found } from './found';
import type { BoxCoder } from './matching/box-coder';
import type { Matcher } from './matching/matcher';
import type { AnchorGenerator } from './rpn/anchor-generator';

/** torchvision's RetinaNetHead: what runs over every level. */
export class RetinaNetHead extends Module {
  readonly classification: ClassificationHead;
  readonly regression: RetinaNetRegressionHead;

  constructor(classification: ClassificationHead, regression: RetinaNetRegressionHead) {
    super();
    this.classification = this.child('classification_head', classification);
    this.regression = this.child('regression_head', regression);
  }
}

/**
 * RetinaNet (Lin et al. 2017, Focal Loss for Dense Object Detection): a feature pyramid, and heads that classify and move
 * every anchor of every level. Nothing is sampled; the focal loss weighs instead. Parameters have torchvision's names.
 */
export class RetinaNet extends DetectorModule {
  readonly backbone: BackboneWithFpn;
  readonly head: RetinaNetHead;

  constructor(
    traits: DetectorTraits,
    backbone: BackboneWithFpn,
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
      const anchors = this.anchorGenerator.forward(features, images);
      const matched = targets.map((target) => this.match(anchors, target));
      // Each image counts the same: its losses are divided by its own objects, and by the number of images.
      const divisors = matched.map(({ numPositives }) => Math.max(1, numPositives) * matched.length);
      summary.scalar('retinanet/num_pos_anchors', meanOf(matched.map(({ numPositives }) => numPositives)));
      return {
        ...this.head.classification.losses(features, matched, divisors),
        ...this.head.regression.losses(features, anchors, matched, divisors),
      };
    });
  }

  /** What every anchor of one image is to predict. */
  match(anchors: readonly Boxes[], target: Targets): AnchorTargets {
    return anchorTargets(this.matcher.match(target.boxes, concatBoxes(anchors)), anchors, target);
  }

  protected override *find(images: ImageBatch): Reading<Found[]> {
    const features = this.backbone.forward(images.tensor);
    const anchors = this.anchorGenerator.forward(features, images);
    const predict = (feature: tf.Tensor4D) => ({
      classLogits: this.head.classification.forward(feature),
      boxDeltas: this.head.regression.forward(feature),
    });
    return yield* detectDensely(features, anchors, images.sizes, predict, this.boxCoder, this.inference);
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
