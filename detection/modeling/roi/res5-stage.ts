import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import { BatchNorm } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import { zeroLoss } from '../../nn/zero-loss';
import type { Boxes } from '../../structures/boxes';
import { concatValues } from '../../structures/concat-values';
import type { ImageBatch } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { Size } from '../../structures/size';
import type { MapModule } from '../backbone/layered-body';
import type { IouType } from '../detector';
import { FAST_RCNN_LOSS_NAMES, type FasterRcnnLossOptions, type RoiOptions } from '../faster-rcnn-defaults';
import type { Found } from '../found';
import { weighed } from '../loss-settings';
import { MASK_LOSS_NAMES, type MaskSettings } from '../mask-rcnn-defaults';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { BalancedSampler } from '../matching/sampler';
import { shares } from '../sample-rows';
import type { BoxPredictor, RoiPredictions } from './box-head';
import type { BoxStage, BoxStageLosses, Sample } from './box-stage';
import { describeSamples } from './describe-samples';
import { inferImages } from './fast-rcnn-inference';
import { describeLosses, labelsOf, lossesOfPiece, ROI_SAMPLES } from './fast-rcnn-losses';
import { roiTargets, sampleProposals } from './label-proposals';
import type { MaskRcnnPredictor } from './mask-predictor';
import {
  describeMaskSamples,
  MASK_SAMPLES,
  maskSample,
  maskSamplesWithin,
  withMasks,
  type MaskSample,
} from './mask-samples';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';
import { piecesOf, samplesWithin, type Piece } from './roi-pieces';

/** What a Res5Stage is made of. */
export interface Res5Parts {
  /** Pools what `res5` looks at. */
  readonly pooler: MultiScaleRoiAlign;
  /** The last stage of a ResNet: pooled ROIs [R, size, size, in] -> [R, size / 2, size / 2, C]. */
  readonly res5: MapModule;
  /** Of C features. */
  readonly boxPredictor: BoxPredictor;
  /** Absent of a stage that finds boxes alone. */
  readonly masks?: MaskParts;
}

/** What predicts masks. */
export interface MaskParts {
  /** Predicts them of the map of `res5`. */
  readonly predictor: MaskRcnnPredictor;
  /** What is configured of them. */
  readonly settings: MaskSettings;
}

/** What is predicted for some regions, as numbers. */
type Said = readonly [classLogits: Float32Array, boxDeltas: Float32Array];

/** Height and width of a mask, of those of the map that it is predicted from. */
const UPSAMPLING = 2;

/**
 * detectron2's Res5ROIHeads, the head of Faster R-CNN's paper (Ren et al. 2015) on a ResNet: the body's last stage runs over
 * each pooled region. Its mean is what boxes are predicted from, its map is what masks are, so both losses are of one head.
 *
 * One image's 512 regions of 14x14 pixels in 1024 channels are 411 MB, so they are pooled in pieces: each is differentiated and
 * forgotten before the next. Pieces change nothing but the order of additions.
 */
export class Res5Stage extends Module implements BoxStage {
  readonly lossNames: readonly string[];
  readonly iouTypes: readonly IouType[];
  private readonly boxCoder: BoxCoder;
  private readonly matcher: Matcher;
  private readonly sampler: BalancedSampler;
  private readonly roisAtATime: number;
  /** Height and width of a mask. */
  private readonly maskSide: number;

  /**
   * Takes over the parts.
   *
   * @internal
   * @param random what proposals are sampled with
   * @param roisAtATime regions of a piece; all where batch norm takes its statistics of them
   */
  constructor(
    private readonly parts: Res5Parts,
    random: RandomStream,
    private readonly options: RoiOptions,
    private readonly lossOptions: FasterRcnnLossOptions,
    private readonly headGradients: HeadGradients = 'in-forward',
    roisAtATime = 64,
  ) {
    super();
    const { pooler, res5, boxPredictor, masks } = parts;
    this.child('res5', res5);
    this.child('box_predictor', boxPredictor);
    if (masks) this.child('mask_predictor', masks.predictor);
    this.lossNames = [...FAST_RCNN_LOSS_NAMES, ...(masks ? MASK_LOSS_NAMES : [])];
    this.iouTypes = masks ? ['bbox', 'segm'] : ['bbox'];
    this.boxCoder = new BoxCoder(options.bboxWeights);
    this.matcher = new Matcher(options.fgIouThreshold, options.bgIouThreshold, false);
    this.sampler = new BalancedSampler(options, this.stream(random));
    const hasBatchNorm = [...res5.modules()].some((part) => part instanceof BatchNorm);
    this.roisAtATime = hasBatchNorm ? Infinity : roisAtATime;
    this.maskSide = UPSAMPLING * Math.ceil(pooler.outputSize / 2);
  }

  /** loss_classifier, loss_box_reg, and with masks loss_mask. */
  losses(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): BoxStageLosses {
    const samples = proposals.map((boxes, image) =>
      sampleProposals(boxes, targets[image], this.matcher, this.sampler, image),
    );
    return { losses: tf.tidy(() => this.lossesInPieces(samples, features, targets, images.sizes)), samples };
  }

  *detect(
    features: readonly tf.Tensor4D[],
    proposals: readonly Boxes[],
    { sizes }: ImageBatch,
  ): Reading<Found[]> {
    const probabilities: Float32Array[] = [];
    const deltas: Float32Array[] = [];
    for (const piece of piecesOf(proposals, this.roisAtATime)) {
      const predictions = tf.tidy(() => {
        const { classLogits, boxDeltas } = this.predictFrom(this.map(features, piece.boxes, sizes));
        return [tf.softmax(classLogits), boxDeltas];
      });
      const [ofClasses, ofBoxes] = yield predictions;
      tf.dispose(predictions);
      probabilities.push(ofClasses);
      deltas.push(ofBoxes);
    }
    const found = inferImages(
      concatValues(probabilities),
      concatValues(deltas),
      proposals,
      sizes,
      this.boxCoder,
      this.options,
    );
    return this.parts.masks ? yield* this.findMasks(this.parts.masks, features, found, sizes) : found;
  }

  /** Res5 runs again, over the boxes that are found. */
  private *findMasks(
    { predictor, settings }: MaskParts,
    features: readonly tf.Tensor4D[],
    found: readonly Found[],
    sizes: readonly Size[],
  ): Reading<Found[]> {
    const boxes = found.map((ofImage) => ofImage.boxes);
    const labels = Int32Array.from(found.flatMap((ofImage) => [...ofImage.labels]));
    const probabilities: Float32Array[] = [];
    for (const piece of piecesOf(boxes, this.roisAtATime)) {
      const masks = tf.tidy(() => {
        const map = this.map(features, piece.boxes, sizes);
        return tf.sigmoid(predictor.forward(map, labels.subarray(piece.start, piece.end)));
      });
      const [values] = yield [masks];
      masks.dispose();
      probabilities.push(values);
    }
    return withMasks(found, concatValues(probabilities), {
      side: this.maskSide,
      threshold: settings.mask.threshold,
      pasting: 'detectron2',
    });
  }

  /** To be called in a tidy. */
  private lossesInPieces(
    samples: readonly Sample[],
    features: readonly tf.Tensor4D[],
    targets: readonly Targets[],
    sizes: readonly Size[],
  ): Losses {
    const allBoxes = samples.map(({ boxes }) => boxes);
    const pieces = piecesOf(allBoxes, this.roisAtATime);
    // All of the batch lies in regions to ignore.
    if (pieces.length === 0) return Object.fromEntries(this.lossNames.map((name) => [name, zeroLoss(this)]));
    const { masks } = this.parts;
    const allLabels = labelsOf(samples);
    const maskSamples = masks
      ? samples.map((ofImage, k) => maskSample(ofImage, targets[k], this.maskSide, 'detectron2'))
      : [];
    const numMasks = labelsOf(maskSamples).length;
    const said: Said[] = [];
    const losses = headLosses(
      pieces.map((piece) => (): Losses => {
        const map = this.map(features, piece.boxes, sizes);
        const predictions = this.predictFrom(map);
        said.push(valuesOf(predictions));
        const ofPiece = samples.map((ofImage, k) => samplesWithin(ofImage, piece.ofImages[k]));
        const itsTargets = roiTargets(ofPiece, targets);
        return {
          ...lossesOfPiece(
            predictions,
            itsTargets,
            this.boxCoder,
            this.lossOptions,
            FAST_RCNN_LOSS_NAMES,
            allLabels,
          ),
          ...(masks && this.maskLoss(masks, map, piece, maskSamples, numMasks)),
        };
      }),
      this.headGradients,
    );
    const predictions = together(said, allLabels.length);
    summary.samples(ROI_SAMPLES, () => describeSamples(samples, predictions, this.boxCoder));
    describeLosses(predictions, roiTargets(samples, targets), this.boxCoder, this.lossOptions);
    if (masks) summary.scalar('roi_head/num_mask_samples', numMasks / samples.length);
    return losses;
  }

  /** What the samples of a piece add to loss_mask. @param samples of the batch, `numMasks` of them */
  private maskLoss(
    { predictor, settings }: MaskParts,
    map: tf.Tensor4D,
    { ofImages }: Piece,
    samples: readonly MaskSample[],
    numMasks: number,
  ): Losses {
    const learned = samples.map((ofImage, k) => maskSamplesWithin(ofImage, ofImages[k]));
    const labels = labelsOf(learned);
    if (labels.length === 0) return { loss_mask: zeroLoss(predictor) };
    let first = 0;
    const rows = learned.flatMap((ofImage, k) => {
      const { start, end } = ofImages[k];
      const offset = first - start;
      first += end - start;
      return Array.from(ofImage.rows, (row) => row + offset);
    });
    const maps = tf.gather(map, rows);
    const targets = concatValues(learned.map((ofImage) => ofImage.targets));
    const { weights } = settings.losses;
    summary.samples(MASK_SAMPLES, () => {
      const losses = predictor.lossOfRois(maps, labels, targets);
      return describeMaskSamples(learned, shares(losses, weights.loss_mask / numMasks));
    });
    const mean = predictor.loss(maps, labels, targets);
    return weighed({ loss_mask: tf.mul<tf.Scalar>(mean, labels.length / numMasks) }, weights);
  }

  /** What res5 makes of regions: [R, size / 2, size / 2, C]. */
  private map(
    features: readonly tf.Tensor4D[],
    boxes: readonly Boxes[],
    sizes: readonly Size[],
  ): tf.Tensor4D {
    const { pooler, res5 } = this.parts;
    const pooled = pooler.forward(features, boxes, sizes);
    const map = res5.forward(pooled);
    // The tape has what it needs of the largest tensor of the head.
    pooled.dispose();
    return map;
  }

  private predictFrom(map: tf.Tensor4D): RoiPredictions {
    return this.parts.boxPredictor.forward(tf.mean<tf.Tensor2D>(map, [1, 2]));
  }
}

function valuesOf({ classLogits, boxDeltas }: RoiPredictions): Said {
  return [classLogits.dataSync<'float32'>(), boxDeltas.dataSync<'float32'>()];
}

/** The predictions of all pieces, of which nothing is differentiated. To be called in a tidy. */
function together(said: readonly Said[], numRois: number): RoiPredictions {
  const joined = (part: 0 | 1): tf.Tensor2D => {
    const values = concatValues(said.map((ofPiece) => ofPiece[part]));
    return tf.tensor2d(values, [numRois, values.length / numRois]);
  };
  return { classLogits: joined(0), boxDeltas: joined(1) };
}
