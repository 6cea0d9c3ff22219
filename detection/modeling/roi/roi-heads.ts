import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../engine/summary';
import type { Losses } from '../../engine/trainable';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Detections } from '../../structures/detections';
import type { ImageBatch } from '../../structures/image-batch';
import type { Targets } from '../../structures/targets';
import { fasterRcnnDefaults, type RoiOptions } from '../defaults';
import { BoxCoder } from '../matching/box-coder';
import { BETWEEN_THRESHOLDS, Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import type { FastRcnnPredictor } from './box-head';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';
import { postprocessDetections } from './postprocess';

/** A box head: pooled ROIs [R, size, size, C] -> [R, outFeatures]. */
export interface BoxHead extends Module {
  readonly outFeatures: number;
  forward(pooled: tf.Tensor4D): tf.Tensor2D;
}

/** The proposals of one image that the heads are trained on. */
interface ProposalSample {
  boxes: Boxes;
  /** [boxes], 0 is background. */
  labels: Int32Array;
  /** Box deltas [positives, 4] that the proposals with a label > 0 should have predicted. */
  gtDeltas: Float32Array;
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
      const { classLogits, boxDeltas } = this.forward(
        features,
        samples.map(({ boxes }) => boxes),
        images,
      );
      return this.fastRcnnLosses(classLogits, boxDeltas, samples);
    });
  }

  /** Inference: detections in pixels of the original images. */
  detect(features: readonly tf.Tensor4D[], proposals: readonly Boxes[], images: ImageBatch): Detections[] {
    return disposingAll(() => {
      const { classLogits, boxDeltas } = this.forward(features, proposals, images);
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

  /** The pool level takes no part. */
  private forward(features: readonly tf.Tensor4D[], boxes: readonly Boxes[], images: ImageBatch) {
    const pooled = this.boxPooler.forward(features.slice(0, -1), boxes, images.sizes);
    return this.boxPredictor.forward(this.boxHead.forward(pooled));
  }

  /** The ground truth is proposed as well, so that a young detector has something to learn from. */
  private labelAndSample(proposals: Boxes, { gtBoxes, gtLabels }: Targets): ProposalSample {
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

  /** torchvision's fastrcnn_loss; the box loss is divided by all ROIs, so that each counts the same. */
  private fastRcnnLosses(
    classLogits: tf.Tensor2D,
    boxDeltas: tf.Tensor2D,
    samples: readonly ProposalSample[],
  ): Losses {
    return tf.tidy(() => {
      const [numRois, numLabels] = classLogits.shape;
      const labels = Int32Array.from(samples.flatMap((sample) => [...sample.labels]));
      const positives = Int32Array.from([...labels.keys()].filter((roi) => labels[roi] > 0));
      summary.scalar('roi_heads/num_positive_rois', positives.length / samples.length);
      summary.scalar('roi_heads/num_negative_rois', (numRois - positives.length) / samples.length);

      // Of all the boxes that a ROI predicts, one for each class, the one of its label.
      const ofLabel = tf.tensor1d(
        positives.map((roi) => roi * numLabels + labels[roi]),
        'int32',
      );
      const predDeltas = tf.gather(tf.reshape(boxDeltas, [numRois * numLabels, 4]), ofLabel);
      const gtDeltas = tf.tensor2d(concatBoxes(samples.map((sample) => sample.gtDeltas)), [
        positives.length,
        4,
      ]);
      const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), numLabels);
      return {
        loss_classifier: tf.losses.softmaxCrossEntropy(oneHot, classLogits),
        loss_box_reg: tf.div(smoothL1Sum(predDeltas, gtDeltas, fasterRcnnDefaults.smoothL1Beta), numRois),
      };
    });
  }
}
