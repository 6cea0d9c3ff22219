import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../nn/trainable';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Detections } from '../../structures/instances';
import type { ImageBatch } from '../../structures/image-batch';
import type { Size } from '../../structures/size';
import type { Targets } from '../../structures/instances';
import { fasterRcnnDefaults, type RoiOptions } from '../definitions/faster-rcnn-defaults';
import { BoxCoder } from '../matching/box-coder';
import { BETWEEN_THRESHOLDS, Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import type { FastRcnnPredictor, RoiPredictions } from './box-head';
import { fastRcnnLosses, type RoiTargets } from './fast-rcnn-losses';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';
import { postprocessDetections } from './postprocess';

/** A box head: pooled ROIs [R, size, size, C] -> [R, outFeatures]. */
export interface BoxHead extends Module {
  readonly outFeatures: number;
  forward(pooled: tf.Tensor4D): tf.Tensor2D;
}

/** The proposals of one image that the heads are trained on. */
export interface ProposalSample extends RoiTargets {
  readonly boxes: Boxes;
}

/** torchvision's RoIHeads: samples proposals, pools, classifies and refines them. */
export class RoiHeads extends Module {
  private readonly boxHead: BoxHead;
  private readonly boxPredictor: FastRcnnPredictor;
  private readonly boxCoder: BoxCoder;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedSampler;

  constructor(
    private readonly boxPooler: MultiScaleRoiAlign,
    boxHead: BoxHead,
    boxPredictor: FastRcnnPredictor,
    random: RandomStream,
    private readonly options: RoiOptions = fasterRcnnDefaults.roi,
    private readonly headGradients: HeadGradients = 'in-forward',
  ) {
    super();
    this.boxHead = this.child('box_head', boxHead);
    this.boxPredictor = this.child('box_predictor', boxPredictor);
    this.boxCoder = new BoxCoder(options.bboxWeights);
    this.matcher = new Matcher(options.fgIouThreshold, options.bgIouThreshold, false);
    this.sampler = new BalancedSampler(
      options.batchSizePerImage,
      options.positiveFraction,
      this.stream(random),
    );
  }

  /** Training-mode forward. The caller disposes the losses. */
  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    images: ImageBatch,
    targets: readonly Targets[],
  ): Losses {
    return tf.tidy(() => {
      const samples = proposals.map((boxes, image) => this.labelAndSample(boxes, targets[image]));
      const pooled = this.pool(
        features,
        samples.map(({ boxes }) => boxes),
        images.sizes,
      );
      const head = (): Losses => {
        const predictions = this.predict(pooled);
        // The tape has what it needs of the largest tensor of the head.
        pooled.dispose();
        return fastRcnnLosses(predictions, samples);
      };
      return this.headGradients === 'in-forward' ? headLosses([head]) : head();
    });
  }

  /** Inference: detections in pixels of the original images. */
  detect(features: readonly tf.Tensor4D[], proposals: readonly Boxes[], images: ImageBatch): Detections[] {
    return disposingAll(() => {
      const { classLogits, boxDeltas } = this.forward(features, proposals, images.sizes);
      const probabilities = tf.softmax(classLogits).dataSync<'float32'>();
      const deltas = boxDeltas.dataSync<'float32'>();
      const numLabels = classLogits.shape[1];
      let first = 0;
      return proposals.map((boxes, image) => {
        const last = first + numBoxes(boxes);
        const detections = postprocessDetections(
          probabilities.subarray(first * numLabels, last * numLabels),
          deltas.subarray(4 * first * numLabels, 4 * last * numLabels),
          boxes,
          { resized: images.sizes[image], original: images.originalSizes[image] },
          this.boxCoder,
          this.options,
        );
        first = last;
        return detections;
      });
    });
  }

  /** What the heads say of the boxes of all images. The caller disposes. */
  forward(
    features: readonly tf.Tensor4D[],
    boxes: readonly Boxes[],
    imageSizes: readonly Size[],
  ): RoiPredictions {
    return this.predict(this.pool(features, boxes, imageSizes));
  }

  /** [R, size, size, C]. The pool level takes no part. */
  private pool(
    features: readonly tf.Tensor4D[],
    boxes: readonly Boxes[],
    imageSizes: readonly Size[],
  ): tf.Tensor4D {
    return this.boxPooler.forward(features.slice(0, -1), boxes, imageSizes);
  }

  private predict(pooled: tf.Tensor4D): RoiPredictions {
    return this.boxPredictor.forward(this.boxHead.forward(pooled));
  }

  /**
   * Draws the proposals of one image to train on. The ground truth is proposed as well, so that a young detector has
   * something to learn from.
   */
  labelAndSample(proposals: Boxes, { boxes: gtBoxes, labels: gtLabels }: Targets): ProposalSample {
    const candidates = concatBoxes([proposals, gtBoxes]);
    const matches = this.matcher.match(gtBoxes, candidates);
    const labelOf = (match: number): number =>
      match >= 0 ? gtLabels[match] : match === BETWEEN_THRESHOLDS ? -1 : 0;
    const candidateLabels = Int32Array.from(matches, labelOf);
    const { positives, negatives } = this.sampler.sample(candidateLabels);
    const sampled = Int32Array.from([...positives, ...negatives]).sort();
    const gtOfPositives = selectBoxes(
      gtBoxes,
      positives.map((candidate) => matches[candidate]),
    );
    return {
      boxes: selectBoxes(candidates, sampled),
      labels: sampled.map((candidate) => candidateLabels[candidate]),
      gtDeltas: this.boxCoder.encode(gtOfPositives, selectBoxes(candidates, positives)),
    };
  }
}
