import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch, ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import {
  FAST_RCNN_LOSS_NAMES,
  fasterRcnnDefaults,
  type FasterRcnnLossOptions,
  type RoiOptions,
} from '../faster-rcnn-defaults';
import type { ExportedBoxes, ExportedFound, ExportedImages } from '../exported';
import type { Found } from '../found';
import { requireExported } from '../not-exportable-error';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import type { BoxPredictor, RoiPredictions } from './box-head';
import type { BoxStage, BoxStageLosses, BoxStageOutputs, Sample } from './box-stage';
import { describeSamples } from './describe-samples';
import { inferImages } from './fast-rcnn-inference';
import { exportInference } from './fast-rcnn-inference-onnx';
import { fastRcnnLosses, ROI_SAMPLES, type BoxHeadOutputs } from './fast-rcnn-losses';
import { roiTargets, sampleProposals } from './label-proposals';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';

/** A box head: pooled ROIs [R, size, size, C] -> [R, outFeatures]. */
export interface BoxHead extends Module {
  /** Number of features per ROI. */
  readonly outFeatures: number;
  /** Pooled ROIs [R, size, size, C] -> [R, outFeatures]. The caller disposes the result. */
  forward(pooled: tf.Tensor4D): tf.Tensor2D;
  /** The same in an ONNX graph, [R, C, size, size] -> [R, outFeatures]; absent: it cannot be exported. */
  exportTo?(pooled: Value): Value;
}

/** Fast R-CNN's box head (Girshick 2015) as in torchvision's RoIHeads: samples proposals, pools, classifies, refines. */
export class FastRcnnStage extends Module implements BoxStage {
  /** What `losses` returns. */
  readonly lossNames = FAST_RCNN_LOSS_NAMES;
  private readonly boxHead: BoxHead;
  private readonly boxPredictor: BoxPredictor;
  private readonly boxCoder: BoxCoder;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedSampler;

  /**
   * Takes over the head and the predictor.
   *
   * @param random what proposals are sampled with
   */
  constructor(
    private readonly boxPooler: MultiScaleRoiAlign,
    boxHead: BoxHead,
    boxPredictor: BoxPredictor,
    random: RandomStream,
    private readonly options: RoiOptions = fasterRcnnDefaults.roi,
    private readonly headGradients: HeadGradients = 'in-forward',
    private readonly lossOptions: FasterRcnnLossOptions = fasterRcnnDefaults.losses,
  ) {
    super();
    this.boxHead = this.child('box_head', boxHead);
    this.boxPredictor = this.child('box_predictor', boxPredictor);
    this.boxCoder = new BoxCoder(options.bboxWeights);
    this.matcher = new Matcher(options.fgIouThreshold, options.bgIouThreshold, false);
    this.sampler = new BalancedSampler(options, this.stream(random));
  }

  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): BoxStageLosses {
    const samples = this.sample(proposals, targets);
    const losses = tf.tidy(() => {
      const pooled = this.poolSamples(features, samples, images);
      const head = (): Losses => this.lossesOf(this.outputsOf(pooled, samples, targets));
      return headLosses([head], this.headGradients);
    });
    return { losses, samples };
  }

  /** Training-mode forward up to the losses, for who computes these elsewhere. To be called in a tidy. */
  predict(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): BoxStageOutputs<BoxHeadOutputs> {
    const samples = this.sample(proposals, targets);
    const pooled = this.poolSamples(features, samples, images);
    return { outputs: this.outputsOf(pooled, samples, targets), samples };
  }

  /** The losses of what the head says of the samples of all images. The caller disposes. */
  lossesOf({ predictions, targets }: BoxHeadOutputs): Losses {
    return fastRcnnLosses(predictions, targets, this.boxCoder, this.lossOptions);
  }

  *detect(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    images: ImageBatch,
  ): Reading<Found[]> {
    const { classLogits, boxDeltas } = this.forward(
      this.boxPooler.forward(features, proposals, images.sizes),
    );
    const [probabilities, deltas] = yield [tf.softmax(classLogits), boxDeltas];
    return inferImages(probabilities, deltas, proposals, images.sizes, this.boxCoder, this.options);
  }

  /** @throws NotExportableError */
  exportTo(features: readonly Value[], proposals: ExportedBoxes, images: ExportedImages): ExportedFound {
    const pooled = this.boxPooler.exportTo(features, proposals.boxes, images.height);
    const hidden = requireExported(this.boxHead.exportTo?.(pooled), this.boxHead);
    const predictions = this.boxPredictor.exportTo(hidden);
    const probabilities = predictions.classLogits.softmax(1);
    return exportInference(probabilities, predictions, proposals, images, this.boxCoder, this.options);
  }

  /** Draws the proposals of each image to train on. */
  private sample(proposals: readonly Boxes[], targets: readonly Targets[]): Sample[] {
    return proposals.map((boxes, image) =>
      sampleProposals(boxes, targets[image], this.matcher, this.sampler, image),
    );
  }

  /** [R, size, size, C], of all samples. */
  private poolSamples(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    { sizes }: ImageSizes,
  ): tf.Tensor4D {
    const boxes = samples.map((sample) => sample.boxes);
    return this.boxPooler.forward(features, boxes, sizes);
  }

  /** What the head says of its samples, and should say. Takes over what is pooled. */
  private outputsOf(
    pooled: tf.Tensor4D,
    samples: readonly Sample[],
    targets: readonly Targets[],
  ): BoxHeadOutputs {
    const predictions = this.forward(pooled);
    // The tape has what it needs of the largest tensor of the head.
    pooled.dispose();
    summary.samples(ROI_SAMPLES, () => describeSamples(samples, predictions, this.boxCoder));
    return { predictions, targets: roiTargets(samples, targets) };
  }

  private forward(pooled: tf.Tensor4D): RoiPredictions {
    return this.boxPredictor.forward(this.boxHead.forward(pooled));
  }
}
