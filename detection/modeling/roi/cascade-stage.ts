import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Reading } from '../../nn/reading';
import { scaleGradient } from '../../nn/scale-gradient';
import type { Losses } from '../../nn/trainable';
import { clipBoxes, concatBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { ImageBatch, ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { Size } from '../../structures/size';
import { cascadeLossNames, type CascadeLossOptions, type CascadeOptions } from '../cascade-rcnn-defaults';
import { exportClip, type ExportedBoxes, type ExportedFound, type ExportedImages } from '../exported';
import type { Found } from '../found';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import { requireExported } from '../not-exportable-error';
import type { BoxPredictor, ExportedRoiPredictions, RoiPredictions } from './box-head';
import type { BoxStage, BoxStageLosses, BoxStageOutputs, Sample } from './box-stage';
import type { BoxHead } from './fast-rcnn';
import { describeSamples } from './describe-samples';
import { inferImages } from './fast-rcnn-inference';
import { exportInference } from './fast-rcnn-inference-onnx';
import { fastRcnnLosses, ROI_SAMPLES, type BoxHeadOutputs } from './fast-rcnn-losses';
import { labelAll, roiTargets, sampleProposals } from './label-proposals';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';

/** A head of the cascade, and its predictor, which says one box of each region, whatever is in it. */
export interface CascadeHead {
  /** What features of a region are computed by. */
  readonly boxHead: BoxHead;
  /** What is predicted from them. */
  readonly boxPredictor: BoxPredictor;
}

/**
 * Cascade R-CNN (Cai and Vasconcelos 2018) as detectron2's CascadeROIHeads: box heads one after the other, each of which learns
 * from the boxes of the one before, with a stricter idea of what an object is.
 *
 * Losses and gradients are taken head by head in the forward, as each needs the boxes of the one before, but nothing else of it:
 * the activations of one head alone are alive at any time.
 */
export class CascadeStage extends Module implements BoxStage {
  readonly lossNames: readonly string[];
  private readonly boxCoders: readonly BoxCoder[];
  private readonly matchers: readonly Matcher[];
  private readonly sampler: BalancedSampler;

  /**
   * Takes over the heads.
   *
   * @param heads as many as `options` has overlaps
   * @param random what proposals are sampled with, for the first head
   */
  constructor(
    private readonly boxPooler: MultiScaleRoiAlign,
    private readonly heads: readonly CascadeHead[],
    random: RandomStream,
    private readonly options: CascadeOptions,
    private readonly lossOptions: CascadeLossOptions,
    private readonly headGradients: HeadGradients = 'in-forward',
  ) {
    super();
    this.child('box_head', new ModuleList(heads.map(({ boxHead }) => boxHead)));
    this.child('box_predictor', new ModuleList(heads.map(({ boxPredictor }) => boxPredictor)));
    this.lossNames = heads.flatMap((_, stage) => cascadeLossNames(stage));
    this.boxCoders = options.bboxWeights.map((weights) => new BoxCoder(weights));
    this.matchers = options.fgIouThresholds.map((overlap) => new Matcher(overlap, overlap, false));
    this.sampler = new BalancedSampler(options, this.stream(random));
  }

  /** loss_cls_stage{k}, loss_box_reg_stage{k}. Further heads learn from the samples of the first. */
  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): BoxStageLosses {
    const sampled = this.sample(proposals, targets);
    const losses = tf.tidy(() => {
      const all: Losses = {};
      let samples = sampled;
      for (const stage of this.heads.keys()) {
        const pooled = this.poolSamples(features, samples, images);
        const head = (): Losses => {
          const outputs = this.outputsOf(stage, pooled, samples, targets);
          samples = this.nextSamples(stage, outputs.predictions, samples, targets, images);
          return this.lossesOfHead(stage, outputs);
        };
        Object.assign(all, headLosses([head], this.headGradients));
      }
      return all;
    });
    return { losses, samples: sampled };
  }

  /** Training-mode forward up to the losses, for who computes these elsewhere: of each head. To be called in a tidy. */
  predict(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): BoxStageOutputs<BoxHeadOutputs[]> {
    const sampled = this.sample(proposals, targets);
    let samples = sampled;
    const outputs = this.heads.map((_, stage) => {
      const pooled = this.poolSamples(features, samples, images);
      const ofHead = this.outputsOf(stage, pooled, samples, targets);
      samples = this.nextSamples(stage, ofHead.predictions, samples, targets, images);
      return ofHead;
    });
    return { outputs, samples: sampled };
  }

  /** The losses of what each head says of its samples. The caller disposes. */
  lossesOf(outputs: readonly BoxHeadOutputs[]): Losses {
    const all: Losses = {};
    return Object.assign(all, ...outputs.map((ofHead, stage) => this.lossesOfHead(stage, ofHead))) as Losses;
  }

  *detect(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    { sizes }: ImageBatch,
  ): Reading<Found[]> {
    let references = proposals;
    let deltas: Float32Array = new Float32Array();
    let scores: Float32Array = new Float32Array();
    for (const stage of this.heads.keys()) {
      // What the last head says is decoded where it is likely enough: below.
      if (stage > 0) references = this.decoded(stage - 1, deltas, references, sizes);
      const predictions = this.forward(stage, this.boxPooler.forward(features, references, sizes));
      let probabilities: Float32Array;
      [probabilities, deltas] = yield [tf.softmax(predictions.classLogits), predictions.boxDeltas];
      scores = stage === 0 ? probabilities.slice() : scores.map((sum, i) => sum + probabilities[i]);
    }
    // What the heads say is averaged; the last one says where it is.
    const averages = scores.map((sum) => sum * Math.fround(1 / this.heads.length));
    return inferImages(averages, deltas, references, sizes, this.boxCoders.at(-1)!, this.options);
  }

  /** @throws NotExportableError */
  exportTo(features: readonly Value[], proposals: ExportedBoxes, images: ExportedImages): ExportedFound {
    const { isThere } = proposals;
    let references = proposals.boxes;
    let sum: Value | undefined;
    let predictions: ExportedRoiPredictions | undefined;
    for (const [stage, { boxHead, boxPredictor }] of this.heads.entries()) {
      if (predictions) {
        const deltas = predictions.boxDeltas.reshape([references.side(0), -1, 4]);
        references = exportClip(this.boxCoders[stage - 1].exportDecode(deltas, references), images);
      }
      const pooled = this.boxPooler.exportTo(features, references, images.height);
      predictions = boxPredictor.exportTo(requireExported(boxHead.exportTo?.(pooled), boxHead));
      const probabilities = predictions.classLogits.softmax(1);
      sum = sum ? sum.add(probabilities) : probabilities;
    }
    const averages = sum!.mul(Math.fround(1 / this.heads.length));
    const boxes = { boxes: references, isThere };
    return exportInference(averages, predictions!, boxes, images, this.boxCoders.at(-1)!, this.options);
  }

  /** Draws the proposals of each image that the first head learns from. */
  private sample(proposals: readonly Boxes[], targets: readonly Targets[]): readonly Sample[] {
    return proposals.map((boxes, image) =>
      sampleProposals(boxes, targets[image], this.matchers[0], this.sampler, image),
    );
  }

  /** What a head says of its samples, and should say. Takes over what is pooled. */
  private outputsOf(
    stage: number,
    pooled: tf.Tensor4D,
    samples: readonly Sample[],
    targets: readonly Targets[],
  ): BoxHeadOutputs {
    // All heads look at the same features: each has its share in what these learn.
    const predictions = this.forward(stage, scaleGradient(pooled, 1 / this.heads.length));
    // The tape has what it needs of the largest tensor of the head.
    pooled.dispose();
    const boxCoder = this.boxCoders[stage];
    summary.samples(`${statisticsOf(stage)}${ROI_SAMPLES}`, () =>
      describeSamples(samples, predictions, boxCoder),
    );
    return { predictions, targets: roiTargets(samples, targets) };
  }

  private lossesOfHead(stage: number, { predictions, targets }: BoxHeadOutputs): Losses {
    return fastRcnnLosses(predictions, targets, this.boxCoders[stage], this.lossOptions, {
      losses: cascadeLossNames(stage),
      statistics: statisticsOf(stage),
    });
  }

  /** What the head behind one learns from: the boxes that it makes of its samples'. None behind the last. */
  private nextSamples(
    stage: number,
    { boxDeltas }: RoiPredictions,
    samples: readonly Sample[],
    targets: readonly Targets[],
    { sizes }: ImageSizes,
  ): readonly Sample[] {
    if (stage + 1 === this.heads.length) return [];
    const references = samples.map(({ boxes }) => boxes);
    const boxes = this.decoded(stage, boxDeltas.dataSync<'float32'>(), references, sizes);
    // Nothing is sampled again, and no ground truth is proposed.
    return boxes.map((ofImage, image) =>
      labelAll(withArea(ofImage), targets[image], this.matchers[stage + 1]),
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

  private forward(stage: number, pooled: tf.Tensor4D): RoiPredictions {
    const { boxHead, boxPredictor } = this.heads[stage];
    return boxPredictor.forward(boxHead.forward(pooled));
  }

  /** The boxes that a head makes of its own, cut to their images: numbers, through which no gradient flows. */
  private decoded(
    stage: number,
    deltas: Float32Array,
    references: readonly Boxes[],
    sizes: readonly Size[],
  ): Boxes[] {
    const all = this.boxCoders[stage].decode(deltas, concatBoxes(references));
    let first = 0;
    return references.map((ofImage, image) =>
      clipBoxes(all.subarray(first, (first += ofImage.length)), sizes[image]),
    );
  }
}

/** What the names of a head's statistics begin with. */
function statisticsOf(stage: number): string {
  return `stage${stage}/`;
}

/** Those that are wider and higher than nothing: what is no number is neither. */
function withArea(boxes: Boxes): Boxes {
  const kept = Int32Array.from({ length: numBoxes(boxes) }, (_, i) => i).filter(
    (i) => boxes[4 * i + 2] > boxes[4 * i] && boxes[4 * i + 3] > boxes[4 * i + 1],
  );
  return selectBoxes(boxes, kept);
}
