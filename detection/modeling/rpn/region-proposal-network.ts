import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../engine/summary';
import type { Losses } from '../../engine/trainable';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { disposingAll } from '../../nn/scope';
import { smoothL1Sum } from '../../ops/smooth-l1';
import { concatBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Size } from '../../structures/size';
import type { Targets } from '../../structures/targets';
import { fasterRcnnDefaults, type RpnOptions } from '../defaults';
import { BoxCoder } from '../matching/box-coder';
import { BETWEEN_THRESHOLDS, Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import type { AnchorGenerator } from './anchor-generator';
import { filterProposals } from './proposals';
import type { RpnHead, RpnPredictions } from './rpn-head';

/** The anchors of one image that take part in the losses. Indices count through all anchors of the image. */
interface AnchorSample {
  positives: Int32Array;
  negatives: Int32Array;
  /** Box deltas [positives, 4] that the positives should have predicted. */
  gtDeltas: Float32Array;
}

/**
 * torchvision's RegionProposalNetwork. Which anchors are sampled is decided here, in the forward of the training,
 * and nobody else needs to know.
 */
export class RegionProposalNetwork extends Module {
  private readonly head: RpnHead;
  private readonly boxCoder: BoxCoder;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedSampler;

  constructor(
    private readonly anchorGenerator: AnchorGenerator,
    head: RpnHead,
    random: RandomStream,
    private readonly options: RpnOptions = fasterRcnnDefaults.rpn,
  ) {
    super();
    this.head = this.child('head', head);
    this.boxCoder = new BoxCoder(options.bboxWeights);
    this.matcher = new Matcher(options.fgIouThreshold, options.bgIouThreshold, true);
    this.sampler = new BalancedSampler(
      options.batchSizePerImage,
      options.positiveFraction,
      this.stream(random),
    );
  }

  /** Training-mode forward: proposals to train the ROI heads on, and the losses. The caller disposes the losses. */
  train(
    features: readonly tf.Tensor4D[],
    images: ImageBatch,
    targets: readonly Targets[],
  ): { proposals: Boxes[]; losses: Losses } {
    let proposals: Boxes[] = [];
    const losses = tf.tidy(() => {
      const predictions = this.head.forward(features);
      const anchors = this.anchors(features, images);
      proposals = this.proposals(predictions, anchors, images.sizes, 'train');
      const samples = targets.map((target) => this.labelAndSample(concatBoxes(anchors), target));
      return this.losses(predictions, samples);
    });
    return { proposals, losses };
  }

  /** Inference: proposals of each image, best first, in pixels of the resized image. */
  propose(features: readonly tf.Tensor4D[], images: ImageBatch): Boxes[] {
    return disposingAll(() => {
      const predictions = this.head.forward(features);
      return this.proposals(predictions, this.anchors(features, images), images.sizes, 'test');
    });
  }

  /** Anchors of each level: the same for all images of a batch, because they are padded to one size. */
  private anchors(features: readonly tf.Tensor4D[], images: ImageBatch): Boxes[] {
    const [, height, width] = images.tensor.shape;
    const sizes = features.map(({ shape }) => ({ height: shape[1], width: shape[2] }));
    return this.anchorGenerator.anchors({ height, width }, sizes);
  }

  /** No gradient flows through a proposal: what follows works on numbers read from the tensors. */
  private proposals(
    { objectnessLogits, boxDeltas }: RpnPredictions,
    anchors: readonly Boxes[],
    sizes: readonly Size[],
    mode: 'train' | 'test',
  ): Boxes[] {
    const logits = objectnessLogits.dataSync<'float32'>();
    const deltas = boxDeltas.dataSync<'float32'>();
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

  private labelAndSample(anchors: Boxes, { gtBoxes }: Targets): AnchorSample {
    const matches = this.matcher.match(gtBoxes, anchors);
    const labels = Int8Array.from(matches, (match) =>
      match >= 0 ? 1 : match === BETWEEN_THRESHOLDS ? -1 : 0,
    );
    const { positives, negatives } = this.sampler.sample(labels);
    const gtOfPositives = selectBoxes(
      gtBoxes,
      positives.map((anchor) => matches[anchor]),
    );
    const gtDeltas = this.boxCoder.encode(gtOfPositives, selectBoxes(anchors, positives));
    return { positives, negatives, gtDeltas };
  }

  private losses({ objectnessLogits, boxDeltas }: RpnPredictions, samples: readonly AnchorSample[]): Losses {
    return tf.tidy(() => {
      const numAnchors = objectnessLogits.shape[1];
      const inBatch = (pick: (sample: AnchorSample) => Int32Array): Int32Array =>
        concatIndices(
          samples.map((sample, image) => pick(sample).map((anchor) => anchor + image * numAnchors)),
        );
      const positives = inBatch((sample) => sample.positives);
      const negatives = inBatch((sample) => sample.negatives);
      const numSampled = positives.length + negatives.length;
      summary.scalar('rpn/num_positive_anchors', positives.length / samples.length);
      summary.scalar('rpn/num_negative_anchors', negatives.length / samples.length);

      const sampled = tf.tensor1d(concatIndices([positives, negatives]), 'int32');
      const labels = tf.tensor1d(
        Float32Array.from({ length: numSampled }, (_, i) => (i < positives.length ? 1 : 0)),
      );
      const logits = tf.gather(tf.reshape(objectnessLogits, [-1]), sampled);
      const predDeltas = tf.gather(tf.reshape(boxDeltas, [-1, 4]), tf.tensor1d(positives, 'int32'));
      const gtDeltas = tf.tensor2d(concatBoxes(samples.map((sample) => sample.gtDeltas)), [
        positives.length,
        4,
      ]);
      return {
        loss_objectness: tf.losses.sigmoidCrossEntropy(labels, logits),
        loss_rpn_box_reg: tf.div(
          smoothL1Sum(predDeltas, gtDeltas, fasterRcnnDefaults.smoothL1Beta),
          numSampled,
        ),
      };
    });
  }
}

function concatIndices(lists: readonly Int32Array[]): Int32Array {
  return Int32Array.from(lists.flatMap((list) => [...list]));
}
