import type { Sides } from '../structures/image-sides';
import { anchorMatchSettings, anchorSettings, detectionSettings } from './common-settings';
import {
  boxLossSetting,
  classWeightsSetting,
  equalWeights,
  focalDefaults,
  focalSettings,
  smoothL1BetaSetting,
  weightSettings,
} from './loss-settings';
import { count, fraction, type SettingsSchema, type ValuesOf } from './settings';

export const RETINANET_LOSS_NAMES = ['classification', 'bbox_regression'] as const;

/** What can be configured of a RetinaNet. */
export const retinaNetSchema = {
  anchors: anchorSettings,
  dense: {
    ...anchorMatchSettings,
    scoreThreshold: fraction('score that a detection has to exceed'),
    topkCandidates: count('best pairs of anchor and label of each level that enter non-maximum suppression'),
    ...detectionSettings,
  },
  losses: {
    box: boxLossSetting,
    smoothL1Beta: smoothL1BetaSetting,
    focal: focalSettings,
    classWeights: classWeightsSetting,
    weights: weightSettings(RETINANET_LOSS_NAMES),
  },
} satisfies SettingsSchema;

/** All settings of a RetinaNet. `modelDefinition(name).settings.schema` describes each. */
export type RetinaNetSettings = ValuesOf<typeof retinaNetSchema>;

/** The settings of torchvision's RetinaNet, and what else its code has as numbers. */
export type RetinaNetDefaults = RetinaNetSettings & {
  /** Sides of the resized image, pixels. */
  readonly transform: Sides;
  /** Weights of the box deltas dx, dy, dw, dh: RetinaNet's BoxCoder. */
  readonly bboxWeights: readonly number[];
};

/** Three sizes an octave: retinanet.py, _default_anchorgen. */
export function octaveOf(size: number): number[] {
  return [size, Math.trunc(size * 2 ** (1 / 3)), Math.trunc(size * 2 ** (2 / 3))];
}

/** The numbers of the published detector, all of torchvision's RetinaNet. */
export const retinaNetDefaults: RetinaNetDefaults = {
  transform: { minSize: 800, maxSize: 1333 },
  anchors: { sizes: [32, 64, 128, 256, 512].map(octaveOf), aspectRatios: [0.5, 1, 2] },
  dense: {
    fgIouThreshold: 0.5,
    bgIouThreshold: 0.4,
    scoreThreshold: 0.05,
    topkCandidates: 1000,
    nmsThreshold: 0.5,
    detectionsPerImage: 300,
  },
  losses: {
    box: 'l1',
    /** _box_loss. */
    smoothL1Beta: 1,
    focal: focalDefaults,
    classWeights: [],
    weights: equalWeights(RETINANET_LOSS_NAMES),
  },
  bboxWeights: [1, 1, 1, 1],
};
