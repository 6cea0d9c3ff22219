import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Conv2d } from '../../nn/convolution';
import { summary } from '../../events/summary';
import { headLosses, sumByName, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Losses } from '../../nn/trainable';
import { gatherPatches } from '../../ops/patches';
import { selectBoxes, type Boxes } from '../../structures/boxes';
import { weighed, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import {
  boxLoss,
  boxLossSum,
  concatTargets,
  type BoxLossOptions,
  type BoxTargets,
} from '../matching/box-loss';
import { decodeBoxes } from '../matching/decode-boxes';
import { DENSE_SAMPLES, shares } from '../sample-rows';
import { levelsToTrain, type AnchorTargets, type LevelTargets } from './anchor-targets';
import { exportedRows, headConvolution, type DenseTower } from './dense-tower';
import { imageGroups, mapsOf } from './image-groups';
import { coverWithWindows, WINDOW_SIDE, type Windows } from './windows';

/** Options of the box loss of RetinaNet. */
export interface RetinaNetBoxLossOptions extends BoxLossOptions {
  /** Weight of the loss. */
  readonly weights: LossWeights<'bbox_regression'>;
}

/** Says of every anchor of every level where its object is: torchvision's RetinaNetRegressionHead. */
export class RetinaNetRegressionHead extends Module {
  /** What `losses` returns. */
  readonly lossNames = ['bbox_regression'] as const;
  private readonly tower: DenseTower;
  private readonly deltas: Conv2d;

  /**
   * Takes over the tower; the predictions begin with random weights.
   *
   * @param channels of the levels
   * @param numAnchors of each location
   */
  constructor(
    tower: DenseTower,
    channels: number,
    private readonly numAnchors: number,
    random: RandomStream,
    private readonly boxCoder: BoxCoder,
    private readonly lossOptions: RetinaNetBoxLossOptions,
    private readonly headGradients: HeadGradients = 'in-forward',
  ) {
    super();
    this.tower = this.child('conv', tower);
    this.deltas = this.child('bbox_reg', headConvolution(channels, 4 * numAnchors, random));
  }

  /** A level [N, H, W, C] -> deltas [N, H * W * A, 4]: by row, by column, by anchor. The caller disposes. */
  forward(feature: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => {
      const deltas = this.deltas.forward(this.tower.forward(feature));
      return tf.reshape(deltas, [feature.shape[0], -1, 4]);
    });
  }

  /** The same in an ONNX graph: feature [N, C, H, W]. */
  exportTo(feature: Value): Value {
    return exportedRows(this.deltas.exportTo(this.tower.exportTo(feature)), 4);
  }

  /**
   * `bbox_regression`: of the anchors that are objects, image by image. Where they are few on a level, the convolutions run in windows
   * around them alone, which who computes losses outside of the model cannot do; with gradients at the end they run over all, as there.
   * The caller disposes.
   *
   * @param anchors of each level
   * @param targets of each image
   * @param divisors of each image: what its sum is divided by
   */
  losses(
    features: readonly tf.Tensor4D[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisors: readonly number[],
  ): Losses {
    const pieces = imageGroups(targets.length, this.headGradients).flatMap((images) => {
      const ofImages = images.map((image) => targets[image]);
      const levels = levelsToTrain(...ofImages);
      // Those of one image: there are none with gradients at the end.
      const windows = new Map(levels.flatMap((level) => this.windowsOf(features[level], ofImages[0], level)));
      const everywhere = levels
        .filter((level) => !windows.has(level))
        .map((level) => (): Losses => {
          const deltas = this.forward(mapsOf(features[level], images));
          return this.levelLosses(deltas, level, images, anchors, targets, divisors);
        });
      if (windows.size === 0) return everywhere;
      const around = (): Losses => {
        const [image] = images;
        const predDeltas = this.forwardAround(features, image, targets[image], windows);
        const ofLevels = [...windows.keys()];
        return this.weighedLoss(
          this.imageLoss(predDeltas, ofLevels, image, anchors, targets[image], divisors[image]),
        );
      };
      return [around, ...everywhere];
    });
    return headLosses(pieces, this.headGradients);
  }

  /**
   * The same of predictions that are there already. The caller disposes.
   *
   * @param deltas of each level [N, R, 4]
   */
  lossesOf(
    deltas: readonly tf.Tensor3D[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisors: readonly number[],
  ): Losses {
    const images = [...targets.keys()];
    const ofLevel = (level: number): Losses =>
      tf.tidy(() => this.levelLosses(deltas[level], level, images, anchors, targets, divisors));
    return tf.tidy(() => sumByName(levelsToTrain(...targets).map(ofLevel)));
  }

  /** Of one level of N of the images. To be called in a tidy. @param deltas [N, R, 4] */
  private levelLosses(
    deltas: tf.Tensor3D,
    level: number,
    images: readonly number[],
    anchors: readonly Boxes[],
    targets: readonly AnchorTargets[],
    divisors: readonly number[],
  ): Losses {
    const [, numAnchors] = deltas.shape;
    const rows = tf.reshape<tf.Rank.R2>(deltas, [-1, 4]);
    const losses = images.map((image, i) => {
      const { positives } = targets[image].levels[level];
      const ofRows = positives.map((anchor) => i * numAnchors + anchor);
      const predDeltas = tf.gather(rows, tf.tensor1d(ofRows, 'int32'));
      return this.imageLoss(predDeltas, [level], image, anchors, targets[image], divisors[image]);
    });
    return this.weighedLoss(tf.addN(losses));
  }

  /** Of the objects among an image's anchors of some levels. @param predDeltas [P, 4] */
  private imageLoss(
    predDeltas: tf.Tensor2D,
    levels: readonly number[],
    image: number,
    anchors: readonly Boxes[],
    targets: AnchorTargets,
    divisor: number,
  ): tf.Scalar {
    const boxTargets = concatTargets(
      levels.map((level) => boxTargetsOf(targets.levels[level], anchors[level])),
    );
    summary.samples(DENSE_SAMPLES, () => {
      const losses = boxLoss(predDeltas, boxTargets, this.boxCoder, this.lossOptions);
      const ofAnchors = shares(losses, this.lossOptions.weights.bbox_regression / divisor);
      const predBoxes = decodeBoxes(predDeltas, boxTargets.references, this.boxCoder).dataSync<'float32'>();
      let first = 0;
      return levels.map((level) => {
        const { positives } = targets.levels[level];
        const [start, end] = [first, (first += positives.length)];
        const bbox_regression = ofAnchors.subarray(start, end);
        return {
          image,
          level,
          rows: positives,
          losses: { bbox_regression },
          predBoxes: predBoxes.subarray(4 * start, 4 * end),
        };
      });
    });
    return tf.div(boxLossSum(predDeltas, boxTargets, this.boxCoder, this.lossOptions), divisor);
  }

  private weighedLoss(loss: tf.Scalar): Losses {
    return weighed({ bbox_regression: loss }, this.lossOptions.weights);
  }

  /** Windows around the objects among one image's anchors of a level, where convolutions in them compute less than over the map. */
  private windowsOf(feature: tf.Tensor4D, { levels }: AnchorTargets, level: number): [number, Windows][] {
    const { positives } = levels[level];
    if (this.headGradients === 'at-the-end' || !this.tower.isLocal || positives.length === 0) return [];
    const [, height, width] = feature.shape;
    const windows = coverWithWindows(
      positives.map((anchor) => Math.floor(anchor / this.numAnchors)),
      { height, width },
    );
    let area = 0;
    for (let k = 0; k < this.numConvolutions; k++) area += (WINDOW_SIDE + 2 * k) ** 2;
    return windows.centers.length * area < height * width * this.numConvolutions ? [[level, windows]] : [];
  }

  /** [P, 4], of the objects among one image's anchors of some levels, from a forward over windows around them. */
  private forwardAround(
    features: readonly tf.Tensor4D[],
    image: number,
    { levels }: AnchorTargets,
    windows: ReadonlyMap<number, Windows>,
  ): tf.Tensor2D {
    const pixels: { levels: number[]; positions: number[] } = { levels: [], positions: [] };
    const rows: number[] = [];
    for (const [level, { centers, cells }] of windows) {
      const [, height, width] = features[level].shape;
      const firstCell = pixels.positions.length * WINDOW_SIDE ** 2;
      levels[level].positives.forEach((anchor, i) =>
        rows.push((firstCell + cells[i]) * this.numAnchors + (anchor % this.numAnchors)),
      );
      for (const center of centers) {
        pixels.levels.push(level);
        pixels.positions.push(image * height * width + center);
      }
    }
    const patches = gatherPatches(
      features,
      { levels: Int32Array.from(pixels.levels), positions: Int32Array.from(pixels.positions) },
      WINDOW_SIDE + 2 * this.numConvolutions,
    );
    const hidden = this.tower.forwardOnPatches(patches);
    const deltas = this.deltas.forward(hidden, {}, undefined, 0);
    return tf.gather(tf.reshape<tf.Rank.R2>(deltas, [-1, 4]), tf.tensor1d(rows, 'int32'));
  }

  private get numConvolutions(): number {
    return this.tower.depth + 1;
  }
}

function boxTargetsOf({ positives, gtBoxes }: LevelTargets, anchors: Boxes): BoxTargets {
  return { references: selectBoxes(anchors, positives), gtBoxes };
}
