import * as tf from '@tensorflow/tfjs-core';
import type { Conv2d } from '../../nn/convolution';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Losses } from '../../nn/trainable';
import { gatherPatches } from '../../ops/patches';
import { selectBoxes, type Boxes } from '../../structures/boxes';
import { weighed, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLossSum, concatTargets, type BoxLossOptions } from '../matching/box-loss';
import { levelsToTrain, type AnchorTargets } from './anchor-targets';
import { headConvolution, type DenseTower } from './dense-tower';
import { imageOf } from './image-of';
import { coverWithWindows, WINDOW_SIDE, type Windows } from './windows';

export interface RetinaNetBoxLossOptions extends BoxLossOptions {
  readonly weights: LossWeights<'bbox_regression'>;
}

/** Says of every anchor of every level where its object is: torchvision's RetinaNetRegressionHead. */
export class RetinaNetRegressionHead extends Module {
  readonly lossNames = ['bbox_regression'] as const;
  private readonly tower: DenseTower;
  private readonly deltas: Conv2d;

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
    const pieces = targets.flatMap((target, image) => {
      const loss = (predDeltas: tf.Tensor2D, levels: readonly number[]): Losses => {
        const ofLevels = levels.map((level) => {
          const { positives, gtBoxes } = target.levels[level];
          return { references: selectBoxes(anchors[level], positives), gtBoxes };
        });
        const sum = boxLossSum(predDeltas, concatTargets(ofLevels), this.boxCoder, this.lossOptions);
        return weighed(
          { bbox_regression: tf.div<tf.Scalar>(sum, divisors[image]) },
          this.lossOptions.weights,
        );
      };
      const levels = levelsToTrain(target);
      const windows = new Map(levels.flatMap((level) => this.windowsOf(features[level], target, level)));
      const everywhere = levels
        .filter((level) => !windows.has(level))
        .map((level) => () => loss(this.forwardEverywhere(features, image, target, level), [level]));
      if (windows.size === 0) return everywhere;
      const around = () => loss(this.forwardAround(features, image, target, windows), [...windows.keys()]);
      return [around, ...everywhere];
    });
    return headLosses(pieces, this.headGradients);
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

  /** Of the objects among one image's anchors of a level, from a forward over the whole map: [P, 4]. */
  private forwardEverywhere(
    features: readonly tf.Tensor4D[],
    image: number,
    { levels }: AnchorTargets,
    level: number,
  ): tf.Tensor2D {
    const deltas = tf.squeeze<tf.Tensor2D>(this.forward(imageOf(features[level], image)), [0]);
    return tf.gather(deltas, tf.tensor1d(levels[level].positives, 'int32'));
  }

  /** The same of some levels, from a forward over windows around these anchors. */
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
