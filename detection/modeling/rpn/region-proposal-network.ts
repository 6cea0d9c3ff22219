import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Losses } from '../../nn/trainable';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { readSync, type Reading } from '../../nn/reading';
import { disposingAll } from '../../nn/scope';
import { isRecording, noGradient } from '../../nn/tfjs-internals';
import { concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Size } from '../../structures/size';
import type { Targets } from '../../structures/instances';
import type { ExportedBoxes, ExportedImages } from '../exported';
import { fasterRcnnDefaults, type RpnOptions } from '../faster-rcnn-defaults';
import { BoxCoder } from '../matching/box-coder';
import { ignoreBoxesIn } from '../matching/ignore-regions';
import { BETWEEN_THRESHOLDS, Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import { candidates, flags } from '../sample-rows';
import type { AnchorGenerator } from './anchor-generator';
import { filterProposals } from './proposals';
import { exportProposals } from './proposals-onnx';
import type { RpnHead, RpnPredictions, SampledPredictions } from './rpn-head';
import {
  anchorsOfBatch,
  predictionsAt,
  RPN_SAMPLES,
  rpnLosses,
  TORCHVISION_RPN_LOSSES,
  type AnchorSample,
  type RpnLossOptions,
  type RpnLossStyle,
} from './rpn-losses';

const ABOUT =
  'Anchors are boxes of fixed sizes and shapes at every place of every level. An anchor that overlaps an object enough is positive, ' +
  'one that overlaps all of them little is background, the rest is ignored; the losses see a random sample of the first two.';

/** Outputs of the region proposal network for a batch. */
export interface RpnOutputs {
  /** Predictions for all anchors. */
  readonly predictions: RpnPredictions;
  /** Of each level, in pixels of the resized image. They belong to the anchor generator: do not write into them. */
  readonly anchors: readonly Boxes[];
  /** Of each image, best first, in pixels of the resized image. */
  readonly proposals: Boxes[];
}

/** What the network gives in training. */
export interface RpnTraining {
  /** To train the ROI heads on, of each image: best first, in pixels of the resized image. */
  readonly proposals: Boxes[];
  /** By name. */
  readonly losses: Losses;
}

/** What a training step is about. Lists have an entry for each image. */
export interface SampledAnchors {
  /** To train the ROI heads on. */
  readonly proposals: Boxes[];
  /** The anchors that enter the losses. */
  readonly samples: AnchorSample[];
  /** What the head says of the sampled anchors. The caller disposes. */
  readonly predict: () => SampledPredictions;
}

/**
 * torchvision's RegionProposalNetwork. Which anchors are sampled is decided here, in the forward of the training,
 * and nobody else needs to know.
 */
export class RegionProposalNetwork extends Module {
  /** What `losses` returns. */
  readonly lossNames: readonly string[];
  private readonly head: RpnHead;
  private readonly boxCoder: BoxCoder;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedSampler;

  /**
   * Takes over the head.
   *
   * @param random what anchors are sampled with
   */
  constructor(
    private readonly anchorGenerator: AnchorGenerator,
    head: RpnHead,
    random: RandomStream,
    private readonly options: RpnOptions = fasterRcnnDefaults.rpn,
    private readonly headGradients: HeadGradients = 'in-forward',
    private readonly lossOptions: RpnLossOptions = fasterRcnnDefaults.losses,
    private readonly lossStyle: RpnLossStyle = TORCHVISION_RPN_LOSSES,
  ) {
    super();
    this.lossNames = lossStyle.names;
    this.head = this.child('head', head);
    this.boxCoder = new BoxCoder(options.bboxWeights);
    this.matcher = new Matcher(options.fgIouThreshold, options.bgIouThreshold, true);
    this.sampler = new BalancedSampler(options, this.stream(random));
  }

  /** Training-mode forward: proposals to train the ROI heads on, and the losses. The caller disposes the losses. */
  train(features: readonly tf.Tensor4D[], images: ImageBatch, targets: readonly Targets[]): RpnTraining {
    let proposals: Boxes[] = [];
    const losses = tf.tidy(() => {
      const anchors = this.sample(features, images, targets);
      proposals = anchors.proposals;
      return headLosses([() => this.lossesOf(anchors.predict(), anchors.samples)], this.headGradients);
    });
    return { proposals, losses };
  }

  /** The losses of what the head says of the sampled anchors, in the order of `anchorsOfBatch`. The caller disposes. */
  lossesOf(predictions: SampledPredictions, samples: readonly AnchorSample[]): Losses {
    const batchSize = this.options.batchSizePerImage * samples.length;
    return rpnLosses(predictions, samples, this.boxCoder, this.lossOptions, this.lossStyle, batchSize);
  }

  /**
   * Training-mode forward up to the losses. Proposals need the predictions of all anchors, but without gradients; the
   * losses, and the gradients, need those of the sampled few. So the head runs twice: over everything with the tape
   * off, and with the tape on over what the sampled anchors see. Unless gradients are to be taken at the end: then it
   * runs once, over everything, and the tape holds it all.
   */
  sample(features: readonly tf.Tensor4D[], images: ImageBatch, targets: readonly Targets[]): SampledAnchors {
    if (this.headGradients === 'in-forward' && isRecording()) {
      const { anchors, proposals } = noGradient(() =>
        disposingAll(() => this.forwardInTraining(features, images)),
      );
      const samples = targets.map((target, image) => this.labelAndSample(anchors, target, image));
      const numAnchors = anchors.reduce((sum, level) => sum + numBoxes(level), 0);
      const surroundings = this.head.surroundings(features, anchorsOfBatch(samples, numAnchors));
      return { proposals, samples, predict: () => this.head.forwardAt(surroundings) };
    }
    const { predictions, anchors, proposals } = this.forwardInTraining(features, images);
    const samples = targets.map((target, image) => this.labelAndSample(anchors, target, image));
    return { proposals, samples, predict: () => predictionsAt(predictions, samples) };
  }

  /** Inference: proposals of each image, best first, in pixels of the resized image. */
  *propose(features: readonly tf.Tensor4D[], images: ImageBatch): Reading<Boxes[]> {
    const predictions = this.head.forward(features);
    const anchors = this.anchorGenerator.forward(features, images);
    const proposals = yield* this.proposals(predictions, anchors, images.sizes, 'test');
    // They need not wait for the ROI heads.
    tf.dispose([predictions.objectnessLogits, predictions.boxDeltas]);
    return proposals;
  }

  /** `propose` in an ONNX graph. */
  exportTo(features: readonly Value[], images: ExportedImages): ExportedBoxes {
    const predictions = features.map((feature) => this.head.exportTo(feature));
    const anchors = this.anchorGenerator.exportTo(features, images.tensor);
    const { preNmsTopN, postNmsTopN } = this.options;
    return exportProposals(predictions, anchors, images, this.boxCoder, {
      ...this.options,
      preNmsTopN: preNmsTopN.test,
      postNmsTopN: postNmsTopN.test,
    });
  }

  /** Tells what it says of each anchor. */
  private forwardInTraining(features: readonly tf.Tensor4D[], images: ImageBatch): RpnOutputs {
    const outputs = this.forward(features, images, 'train');
    const { predictions, anchors } = outputs;
    summary.samples(RPN_SAMPLES, () => {
      const scores = tf.sigmoid(predictions.objectnessLogits).dataSync<'float32'>();
      const deltas = predictions.boxDeltas.dataSync<'float32'>();
      return candidates(ABOUT, features, anchors).map(({ image, boxes, ...candidate }) => {
        const count = numBoxes(boxes);
        const ofImage = deltas.subarray(4 * image * count, 4 * (image + 1) * count);
        return {
          ...candidate,
          image,
          boxes,
          scores: scores.subarray(image * count, (image + 1) * count),
          predBoxes: this.boxCoder.decode(ofImage, boxes),
        };
      });
    });
    return outputs;
  }

  /** Predictions for all anchors, and proposals, as training makes them or inference. The caller disposes the predictions. */
  forward(features: readonly tf.Tensor4D[], images: ImageBatch, mode: 'train' | 'test'): RpnOutputs {
    const predictions = this.head.forward(features);
    const anchors = this.anchorGenerator.forward(features, images);
    const proposals = readSync(() => this.proposals(predictions, anchors, images.sizes, mode));
    return { predictions, anchors, proposals };
  }

  /** No gradient flows through a proposal: what follows works on numbers read from the tensors. */
  private *proposals(
    { objectnessLogits, boxDeltas }: RpnPredictions,
    anchors: readonly Boxes[],
    sizes: readonly Size[],
    mode: 'train' | 'test',
  ): Reading<Boxes[]> {
    const [logits, deltas] = yield [objectnessLogits, boxDeltas];
    const numAnchors = logits.length / sizes.length;
    const { preNmsTopN, postNmsTopN } = this.options;
    return sizes.map((size, image) => {
      const imageLogits = logits.subarray(image * numAnchors, (image + 1) * numAnchors);
      const imageDeltas = deltas.subarray(4 * image * numAnchors, 4 * (image + 1) * numAnchors);
      return filterProposals(imageLogits, imageDeltas, anchors, size, this.boxCoder, {
        ...this.options,
        preNmsTopN: preNmsTopN[mode],
        postNmsTopN: postNmsTopN[mode],
      }).boxes;
    });
  }

  /** Draws the anchors of one image that enter the losses. @param image index in the batch */
  labelAndSample(
    levels: readonly Boxes[],
    { boxes: gtBoxes, ignored }: Targets,
    image: number,
  ): AnchorSample {
    const anchors = concatBoxes(levels);
    const matches = ignoreBoxesIn(ignored, this.matcher.match(gtBoxes, anchors), anchors);
    const labels = Int8Array.from(matches, (match) =>
      match >= 0 ? 1 : match === BETWEEN_THRESHOLDS ? -1 : 0,
    );
    const { positives, negatives } = this.sampler.sample(labels);
    summary.samples(RPN_SAMPLES, () => {
      const sampled = flags(labels.length, positives, negatives);
      return [{ image, matchedGt: matches, sampled }];
    });
    const gtOfPositives = selectBoxes(
      gtBoxes,
      positives.map((anchor) => matches[anchor]),
    );
    const boxes = { references: selectBoxes(anchors, positives), gtBoxes: gtOfPositives };
    return { positives, negatives, boxes };
  }
}
