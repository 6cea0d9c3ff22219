import type { Sides } from '../structures/image-sides';
import { detectionSettings } from './common-settings';
import {
  boxIouLosses,
  classWeightsSetting,
  equalWeights,
  focalDefaults,
  focalSettings,
  weightSettings,
} from './loss-settings';
import { choice, count, fraction, list, positive, type SettingsSchema, type ValuesOf } from './settings';

const LOSS_NAMES = ['classification', 'bbox_regression', 'bbox_ctrness'] as const;

/** What can be configured of an FCOS. */
export const fcosSchema = {
  anchors: {
    sizes: list(
      'side of the squares around the locations of each level, pixels of the resized image: a level finds objects whose ' +
        'farthest side is 4 to 8 of them away',
      positive('pixels'),
    ),
  },
  dense: {
    centerSamplingRadius: positive(
      'largest distance of a location from the center of its object, in these sides',
    ),
    scoreThreshold: fraction('score that a detection has to exceed: root of probability times centerness'),
    topkCandidates: count(
      'best pairs of location and label of each level that enter non-maximum suppression',
    ),
    ...detectionSettings,
  },
  losses: {
    box: choice('loss of boxes, by overlap', boxIouLosses),
    focal: focalSettings,
    classWeights: classWeightsSetting,
    weights: weightSettings(LOSS_NAMES),
  },
} satisfies SettingsSchema;

/** All settings of an FCOS. `modelDefinition(name).settings.schema` describes each. */
export type FcosSettings = ValuesOf<typeof fcosSchema>;

/** The settings of torchvision's FCOS, and how large it makes images. */
export type FcosDefaults = FcosSettings & {
  /** Sides of the resized image, pixels. */
  readonly transform: Sides;
};

/** The numbers of the published detector, all of torchvision's FCOS. */
export const fcosDefaults: FcosDefaults = {
  transform: { minSize: 800, maxSize: 1333 },
  anchors: { sizes: [8, 16, 32, 64, 128] },
  dense: {
    centerSamplingRadius: 1.5,
    scoreThreshold: 0.2,
    topkCandidates: 1000,
    nmsThreshold: 0.6,
    detectionsPerImage: 100,
  },
  losses: {
    /** FCOSHead.compute_loss. */
    box: 'giou',
    focal: focalDefaults,
    classWeights: [],
    weights: equalWeights(LOSS_NAMES),
  },
};
