import type { Size } from '../structures/size';
import { detectionSettings } from './common-settings';
import {
  boxLossSetting,
  classWeightsSetting,
  equalWeights,
  smoothL1BetaSetting,
  weightSettings,
} from './loss-settings';
import { count, fraction, list, nonNegative, positive, type SettingsSchema, type ValuesOf } from './settings';

export const SSD_LOSS_NAMES = ['classification', 'bbox_regression'] as const;

/** What can be configured of an SSD. */
export const ssdSchema = {
  anchors: {
    scales: list(
      'sides of square default boxes, of each map and one behind the last, as shares of the image’s',
      positive('share of the side'),
      2,
    ),
    aspectRatios: list(
      'width / height of the default boxes beside the squares, lying and upright, on every map',
      positive('width / height'),
      0,
    ),
  },
  dense: {
    fgIouThreshold: fraction('overlap at or above which a default box is an object; below it is background'),
    negToPosRatio: nonNegative('hard negatives (background boxes) for each object of an image'),
    scoreThreshold: fraction('score that a detection has to exceed'),
    topkCandidates: count('best default boxes of each class that enter non-maximum suppression'),
    ...detectionSettings,
  },
  losses: {
    box: boxLossSetting,
    smoothL1Beta: smoothL1BetaSetting,
    classWeights: classWeightsSetting,
    weights: weightSettings(SSD_LOSS_NAMES),
  },
} satisfies SettingsSchema;

/** All settings of an SSD. `modelDefinition(name).settings.schema` describes each. */
export type SsdSettings = ValuesOf<typeof ssdSchema>;
/** Which default boxes learn what, and which detections are left. */
export type SsdOptions = SsdSettings['dense'];
/** How an SSD computes its losses. */
export type SsdLossOptions = SsdSettings['losses'];

/** The settings of torchvision's SSDlite, and what else its code has as numbers. */
export type SsdLiteDefaults = SsdSettings & {
  /** Size of the resized image, and what its values of 0..1 are normalized by. */
  readonly transform: Size & {
    /** Subtracted from each channel. */
    readonly mean: number;
    /** What that is divided by. */
    readonly std: number;
  };
  /** Weights of the box deltas dx, dy, dw, dh: SSD's BoxCoder. */
  readonly bboxWeights: readonly number[];
  /** Of every normalization. */
  readonly batchNorm: {
    /** Added to the variance. */
    readonly epsilon: number;
    /** Share of the batch in the running statistics. */
    readonly momentum: number;
  };
  /** _normal_init: new filters are normal with this standard deviation. */
  readonly initialStandardDeviation: number;
};

/** The numbers of the published detector: torchvision's ssdlite320_mobilenet_v3_large, and of its SSD where this is said. */
export const ssdLiteDefaults: SsdLiteDefaults = {
  transform: { height: 320, width: 320, mean: 0.5, std: 0.5 },
  /** DefaultBoxGenerator: evenly from min_ratio 0.2 to max_ratio 0.95 for six maps, and 1. */
  anchors: { scales: [0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1], aspectRatios: [2, 3] },
  dense: {
    /** SSD's iou_thresh. */
    fgIouThreshold: 0.5,
    /** (1 - positive_fraction) / positive_fraction of SSD's 0.25. */
    negToPosRatio: 3,
    scoreThreshold: 0.001,
    topkCandidates: 300,
    nmsThreshold: 0.55,
    detectionsPerImage: 300,
  },
  losses: {
    /** SSD.compute_loss, with torch's own beta. */
    box: 'smooth_l1',
    smoothL1Beta: 1,
    classWeights: [],
    weights: equalWeights(SSD_LOSS_NAMES),
  },
  bboxWeights: [10, 10, 5, 5],
  batchNorm: { epsilon: 1e-3, momentum: 0.03 },
  initialStandardDeviation: 0.03,
};
