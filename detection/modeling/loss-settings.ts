/** What can be configured of losses, of whichever model. */
import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../nn/trainable';
import type { FocalLossOptions } from '../ops/sigmoid-focal-loss';
import { choice, fraction, list, nonNegative, positive, type SettingFault } from './settings';

export const boxIouLosses = ['giou', 'diou', 'ciou'] as const;
export const boxLosses = ['l1', 'smooth_l1', ...boxIouLosses] as const;
export const classificationLosses = ['cross_entropy', 'focal'] as const;

export const boxLossSetting = choice(
  'loss of boxes: distance of their deltas, or overlap of the boxes',
  boxLosses,
);
export const smoothL1BetaSetting = positive(
  'of smooth_l1: difference of deltas above which it is linear; below, it is quadratic',
);
export const focalSettings = {
  alpha: fraction('of focal: weight of objects; background has 1 - alpha'),
  gamma: nonNegative('of focal: exponent; the higher, the less easy examples count'),
};
export const classWeightsSetting = list(
  'weight of each category in the classification loss, in their order; none: all 1, as background',
  positive('weight'),
  0,
);

/** Those of torchvision's sigmoid_focal_loss (Lin et al. 2017, Focal Loss). */
export const focalDefaults: FocalLossOptions = { alpha: 0.25, gamma: 2 };

/** The weights of losses, a setting for each name. */
export function weightSettings<const Name extends string>(names: readonly Name[]) {
  const settings = names.map((name) => [name, nonNegative(`factor of ${name}`)] as const);
  return Object.fromEntries(settings) as Record<Name, ReturnType<typeof nonNegative>>;
}

/** Every loss as it is. */
export function equalWeights<const Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 1])) as Record<Name, number>;
}

/** What each loss is multiplied by. */
export type LossWeights<Name extends string> = Readonly<Record<Name, number>>;

/** Losses times their weights. To be called in a tidy. */
export function weighed<Name extends string>(
  losses: Readonly<Record<Name, tf.Scalar>>,
  weights: LossWeights<NoInfer<Name>>,
): Losses {
  const names = Object.keys(losses) as Name[];
  return Object.fromEntries(
    names.map((name) => [name, weights[name] === 1 ? losses[name] : tf.mul(losses[name], weights[name])]),
  );
}

/** What objects of these labels count. @param classWeights of each category, or none */
export function weightsOfLabels(
  labels: Int32Array,
  classWeights: readonly number[],
): Float32Array | undefined {
  if (classWeights.length === 0) return undefined;
  return Float32Array.from(labels, (label) => (label > 0 ? classWeights[label - 1] : 1));
}

/** What is wrong with `losses.classWeights` of a detector of so many classes; nothing where their number is not known. */
export function classWeightFaults(
  classWeights: readonly number[],
  numClasses: number | undefined,
): SettingFault[] {
  if (classWeights.length === 0 || numClasses === undefined || classWeights.length === numClasses) return [];
  const reason = `has ${classWeights.length} weights, but there are ${numClasses} categories: give one for each, in their order`;
  return [{ setting: 'losses.classWeights', reason }];
}
