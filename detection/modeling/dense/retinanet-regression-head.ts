import * as tf from '@tensorflow/tfjs-core';
import type { Conv2d } from '../../nn/convolution';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Losses } from '../../nn/trainable';
import { gatherPatches, type Pixels } from '../../ops/patches';
import { selectBoxes, type Boxes } from '../../structures/boxes';
import { weighed, type LossWeights } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLossSum, concatTargets, type BoxLossOptions } from '../matching/box-loss';
import { levelsToTrain, type AnchorTargets } from './anchor-targets';
import { headConvolution, type DenseTower } from './dense-tower';
import { imageOf } from './image-of';

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
   * `bbox_regression`: of the anchors that are objects, image by image. Where they are few, the convolutions run around them
   * alone, which who computes losses outside of the model cannot do; with gradients at the end they run over all, as there.
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
      const levels = levelsToTrain(target);
      const isAround = this.isCheaperAround(features, target, levels);
      const groups = isAround ? [levels] : levels.map((level) => [level]);
      return groups.map((group) => (): Losses => {
        const predDeltas = isAround
          ? this.forwardAround(features, image, target, group)
          : this.forwardEverywhere(features, image, target, group[0]);
        const ofLevels = group.map((level) => {
          const { positives, gtBoxes } = target.levels[level];
          return { references: selectBoxes(anchors[level], positives), gtBoxes };
        });
        const sum = boxLossSum(predDeltas, concatTargets(ofLevels), this.boxCoder, this.lossOptions);
        return weighed(
          { bbox_regression: tf.div<tf.Scalar>(sum, divisors[image]) },
          this.lossOptions.weights,
        );
      });
    });
    return headLosses(pieces, this.headGradients);
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

  /** The same of some levels, from a forward over what these anchors see. */
  private forwardAround(
    features: readonly tf.Tensor4D[],
    image: number,
    target: AnchorTargets,
    levels: readonly number[],
  ): tf.Tensor2D {
    const { pixels, rows } = this.locate(features, image, target, levels);
    const patches = gatherPatches(features, pixels, 2 * this.numConvolutions + 1);
    const hidden = this.tower.forwardOnPatches(patches);
    const deltas = this.deltas.forward(hidden, {}, undefined, 0);
    return tf.gather(tf.reshape<tf.Rank.R2>(deltas, [-1, 4]), tf.tensor1d(rows, 'int32'));
  }

  /** The places of the objects among one image's anchors, each once, and which row of their predictions each anchor has. */
  private locate(
    features: readonly tf.Tensor4D[],
    image: number,
    target: AnchorTargets,
    levels: readonly number[],
  ): { pixels: Pixels; rows: Int32Array } {
    const pixelLevels: number[] = [];
    const positions: number[] = [];
    const rows: number[] = [];
    for (const level of levels) {
      const [, height, width] = features[level].shape;
      let last = -1;
      for (const anchor of target.levels[level].positives) {
        const place = Math.floor(anchor / this.numAnchors);
        if (place !== last) {
          pixelLevels.push(level);
          positions.push(image * height * width + place);
          last = place;
        }
        rows.push((positions.length - 1) * this.numAnchors + (anchor % this.numAnchors));
      }
    }
    return {
      pixels: { levels: Int32Array.from(pixelLevels), positions: Int32Array.from(positions) },
      rows: Int32Array.from(rows),
    };
  }

  /** Whether convolutions around an image's objects compute less than those over the maps that they are in. */
  private isCheaperAround(
    features: readonly tf.Tensor4D[],
    target: AnchorTargets,
    levels: readonly number[],
  ): boolean {
    if (this.headGradients === 'at-the-end' || !this.tower.isLocal || target.numPositives === 0) return false;
    const pixels = levels.reduce((sum, level) => {
      const [, height, width] = features[level].shape;
      return sum + height * width;
    }, 0);
    let areas = 0;
    for (let k = 0; k < this.numConvolutions; k++) areas += (2 * k + 1) ** 2;
    return target.numPositives * areas < pixels * this.numConvolutions;
  }

  private get numConvolutions(): number {
    return this.tower.depth + 1;
  }
}
