import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { summary } from '../../events/summary';
import { headLosses, sumByName, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import { zeroLoss } from '../../nn/zero-loss';
import { heatmapCrossEntropyOfObjects, heatmapCrossEntropySum } from '../../ops/heatmap-cross-entropy';
import { heatmapsToKeypoints } from '../../ops/heatmaps-to-keypoints';
import { exportHeatmapsToKeypoints } from '../../ops/heatmaps-to-keypoints-onnx';
import { keypointsToHeatmap, type HeatmapCells } from '../../ops/keypoints-to-heatmap';
import { numBoxes, type Boxes } from '../../structures/boxes';
import { concatValues } from '../../structures/concat-values';
import type { ImageBatch, ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { ExportedFound, ExportedImages } from '../exported';
import type { Found } from '../found';
import { KEYPOINT_LOSS_NAMES, type KeypointSettings } from '../keypoint-rcnn-defaults';
import { weighed } from '../loss-settings';
import { shares } from '../sample-rows';
import type { RoiHead, Sample } from './box-stage';
import { HEATMAP_SCALE, type KeypointRcnnHeads, type KeypointRcnnPredictor } from './keypoint-head';
import { keypointSample, type KeypointSample } from './keypoint-sample';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';

/** ROIs that go through the head at a time: in training its eight convolutions keep 3.2 MB of activations of each. */
const ROIS_AT_A_TIME = 32;

/** Table of `summary.samples`. */
const SAMPLES = 'roi_head/keypoints';
const ABOUT =
  'The sampled proposals that the keypoint head learns from: those matched to an object of which a labeled keypoint lies in the proposal.';

/** Pooled ROIs start..end of one image. */
interface Piece {
  readonly image: number;
  readonly start: number;
  readonly end: number;
  /** [end - start, size, size, C] */
  readonly pooled: tf.Tensor4D;
}

/** What the head says of the ROIs of a piece, and should say. */
export interface KeypointPieceOutputs {
  /** Index of their image. */
  readonly image: number;
  /** The first of them among the image's. */
  readonly start: number;
  /** [R, heatmapSize, heatmapSize, K] */
  readonly heatmaps: tf.Tensor4D;
  /** Where the keypoints are in them. */
  readonly wanted: HeatmapCells;
}

/** What the head says of its samples, and should say. */
export interface KeypointOutputs {
  /** Of some ROIs each; none where no sample has a keypoint. */
  readonly pieces: readonly KeypointPieceOutputs[];
  /** Keypoints that count, of the whole batch. */
  readonly numValid: number;
}

/** Keypoint R-CNN's keypoint head (He et al. 2017) as in torchvision's RoIHeads: a heatmap over each box for each keypoint. */
export class KeypointStage extends Module implements RoiHead {
  readonly lossNames = KEYPOINT_LOSS_NAMES;
  readonly iouType = 'keypoints';
  private readonly keypointHead: KeypointRcnnHeads;
  private readonly keypointPredictor: KeypointRcnnPredictor;
  /** Height and width of a heatmap. */
  private readonly heatmapSize: number;

  /**
   * Takes over the head and the predictor.
   *
   * @param shift of keypoints where the model sees them, pixels of the original image: half a pixel in detectron2
   */
  constructor(
    private readonly keypointPooler: MultiScaleRoiAlign,
    keypointHead: KeypointRcnnHeads,
    keypointPredictor: KeypointRcnnPredictor,
    private readonly settings: KeypointSettings,
    private readonly headGradients: HeadGradients = 'in-forward',
    private readonly shift = 0,
  ) {
    super();
    this.keypointHead = this.child('keypoint_head', keypointHead);
    this.keypointPredictor = this.child('keypoint_predictor', keypointPredictor);
    this.heatmapSize = HEATMAP_SCALE * keypointPooler.outputSize;
  }

  /**
   * loss_keypoint: torchvision's keypointrcnn_loss, the mean over all labeled keypoints of the batch that lie in the box of a
   * positive sample; 0 where there is none. Only boxes with such a keypoint go through the head: what the others would add to
   * losses and gradients is 0.
   */
  losses(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): Losses {
    const learned = this.sampled(samples, targets, images);
    const numValid = validOf(learned);
    return tf.tidy(() => {
      const pieces = this.poolSamples(features, learned, images);
      if (pieces.length === 0) return { loss_keypoint: zeroLoss(this) };
      return headLosses(
        pieces.map((piece) => () => this.lossesOfPiece(this.outputsOf(piece, learned), numValid)),
        this.headGradients,
      );
    });
  }

  /** Training-mode forward up to the losses, for who computes these elsewhere. To be called in a tidy. */
  predict(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): KeypointOutputs {
    const learned = this.sampled(samples, targets, images);
    const pieces = this.poolSamples(features, learned, images);
    return {
      pieces: pieces.map((piece) => this.outputsOf(piece, learned)),
      numValid: validOf(learned),
    };
  }

  /** The losses of what the head says of its samples. The caller disposes. */
  lossesOf({ pieces, numValid }: KeypointOutputs): Losses {
    return tf.tidy(() =>
      pieces.length === 0
        ? { loss_keypoint: zeroLoss(this) }
        : sumByName(pieces.map((piece) => tf.tidy(() => this.lossesOfPiece(piece, numValid)))),
    );
  }

  private lossesOfPiece({ image, start, heatmaps, wanted }: KeypointPieceOutputs, numValid: number): Losses {
    const { weights } = this.settings.losses;
    const sum = heatmapCrossEntropySum(heatmaps, wanted);
    summary.samples(SAMPLES, () => {
      const ofRois = heatmapCrossEntropyOfObjects(heatmaps, wanted);
      const loss_keypoint = shares(ofRois, weights.loss_keypoint / numValid);
      const rows = Int32Array.from({ length: loss_keypoint.length }, (_, i) => start + i);
      return [{ image, rows, losses: { loss_keypoint } }];
    });
    return weighed({ loss_keypoint: tf.div<tf.Scalar>(sum, numValid) }, weights);
  }

  *refine(features: readonly tf.Tensor4D[], found: readonly Found[], images: ImageBatch): Reading<Found[]> {
    const allBoxes = found.map(({ boxes }) => boxes);
    const pieces = this.pool(features, allBoxes, images);
    const heatmaps = yield pieces.map((piece) => this.heatmaps(piece));
    const keypoints = pieces.map((piece, index) =>
      heatmapsToKeypoints(heatmaps[index], boxesOf(piece, allBoxes[piece.image]), this.heatmapSize),
    );
    return found.map((ofImage, image) => {
      const itsOwn = keypoints.filter((_, index) => pieces[index].image === image);
      return {
        ...ofImage,
        keypoints: this.moved(concatValues(itsOwn.map((ofPiece) => ofPiece.keypoints)), -1, images, image),
        keypointScores: concatValues(itsOwn.map(({ scores }) => scores)),
      };
    });
  }

  /** The samples of each image that the head learns from. */
  private sampled(
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): KeypointSample[] {
    const { heatmapSize, keypointPredictor } = this;
    const learned = samples.map((sample, image) =>
      keypointSample(
        sample,
        this.seen(targets[image], images, image),
        keypointPredictor.numKeypoints,
        heatmapSize,
      ),
    );
    summary.scalar('roi_head/num_keypoints', validOf(learned) / samples.length);
    summary.samples(SAMPLES, () =>
      learned.map(({ boxes, matchedGt }, image) => ({
        image,
        about: ABOUT,
        boxes,
        matchedGt,
        sampled: new Uint8Array(matchedGt.length).fill(1),
      })),
    );
    return learned;
  }

  /** What the head says of the samples of a piece, and should say. Takes over what is pooled. */
  private outputsOf(piece: Piece, learned: readonly KeypointSample[]): KeypointPieceOutputs {
    const { image, start, end } = piece;
    const { boxes, keypoints } = learned[image];
    const values = 3 * this.keypointPredictor.numKeypoints;
    const wanted = keypointsToHeatmap(
      keypoints.subarray(values * start, values * end),
      boxesOf(piece, boxes),
      this.heatmapSize,
    );
    return { image, start, heatmaps: this.heatmaps(piece), wanted };
  }

  exportTo(features: readonly Value[], found: ExportedFound, images: ExportedImages): ExportedFound {
    const { boxes } = found;
    const { numKeypoints } = this.keypointPredictor;
    const pooled = this.keypointPooler.exportTo(features, boxes, images.height);
    const heatmaps = this.keypointPredictor.exportTo(this.keypointHead.exportTo(pooled));
    const ofRows = exportHeatmapsToKeypoints(heatmaps, boxes.reshape([-1, 4]), this.heatmapSize);
    const lists = [boxes.side(0), boxes.side(1), numKeypoints];
    const keypoints = ofRows.keypoints.reshape([...lists, 3]);
    const scores = ofRows.scores.reshape(lists);
    return { ...found, keypoints: { keypoints, scores, count: numKeypoints, shift: this.shift } };
  }

  /** Targets of an image with keypoints where the model sees them. */
  private seen(targets: Targets, images: ImageSizes, image: number): Targets {
    const { keypoints } = targets;
    return keypoints ? { ...targets, keypoints: this.moved(keypoints, 1, images, image) } : targets;
  }

  /** [R, K, 3] keypoints, shifted in a direction. */
  private moved(
    keypoints: Float32Array,
    direction: 1 | -1,
    { sizes, originalSizes }: ImageSizes,
    image: number,
  ): Float32Array {
    if (this.shift === 0) return keypoints;
    const x = (direction * this.shift * sizes[image].width) / originalSizes[image].width;
    const y = (direction * this.shift * sizes[image].height) / originalSizes[image].height;
    return keypoints.map((value, i) => value + [x, y, 0][i % 3]);
  }

  private poolSamples(
    features: readonly tf.Tensor4D[],
    learned: readonly KeypointSample[],
    images: ImageSizes,
  ): Piece[] {
    const boxes = learned.map((ofImage) => ofImage.boxes);
    return this.pool(features, boxes, images);
  }

  /** Pools the boxes of each image, in pieces; none where there is no box. */
  private pool(features: readonly tf.Tensor4D[], boxes: readonly Boxes[], { sizes }: ImageSizes): Piece[] {
    const pieces = boxes.flatMap((ofImage, image) => {
      const count = numBoxes(ofImage);
      return Array.from({ length: Math.ceil(count / ROIS_AT_A_TIME) }, (_, k) => {
        const start = k * ROIS_AT_A_TIME;
        return { image, start, end: Math.min(start + ROIS_AT_A_TIME, count) };
      });
    });
    if (pieces.length === 0) return [];
    const all = this.keypointPooler.forward(features, boxes, sizes);
    if (pieces.length === 1) return [{ ...pieces[0], pooled: all }];
    const pooled: tf.Tensor4D[] = tf.split(
      all,
      pieces.map(({ start, end }) => end - start),
    );
    all.dispose();
    return pieces.map((piece, index) => ({ ...piece, pooled: pooled[index] }));
  }

  /** Of a piece's ROIs, [R, heatmapSize, heatmapSize, K]. Takes over what is pooled; the caller disposes the result. */
  private heatmaps({ pooled }: Piece): tf.Tensor4D {
    return tf.tidy(() => {
      const x = this.keypointHead.forward(pooled);
      // The tape has what it needs of it.
      pooled.dispose();
      return this.keypointPredictor.forward(x);
    });
  }
}

/** Keypoints that count, of the whole batch. */
function validOf(learned: readonly KeypointSample[]): number {
  return learned.reduce((sum, ofImage) => sum + ofImage.numValid, 0);
}

function boxesOf({ start, end }: Piece, boxes: Boxes): Boxes {
  return boxes.subarray(4 * start, 4 * end);
}
