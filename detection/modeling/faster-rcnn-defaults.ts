import type { Sides } from '../structures/image-sides';
import { anchorMatchSettings, anchorSettings, detectionSettings } from './common-settings';
import {
  boxLossSetting,
  classificationLosses,
  classWeightsSetting,
  equalWeights,
  focalDefaults,
  focalSettings,
  smoothL1BetaSetting,
  weightSettings,
} from './loss-settings';
import {
  choice,
  count,
  fraction,
  list,
  nonNegative,
  positive,
  type SettingsSchema,
  type ValuesOf,
} from './settings';
import type { LevelMapperOptions } from './roi/level-mapper';

/** What the losses of a head are called: that of classes, that of boxes. */
export type HeadLossNames = readonly [classification: string, box: string];
/** Of the RPN. */
export const RPN_LOSS_NAMES = ['loss_objectness', 'loss_rpn_box_reg'] as const;
/** Of the ROI heads' box head. */
export const FAST_RCNN_LOSS_NAMES = ['loss_classifier', 'loss_box_reg'] as const;
const LOSS_NAMES = [...RPN_LOSS_NAMES, ...FAST_RCNN_LOSS_NAMES] as const;

function trainAndTest(about: string) {
  return { train: count(`${about}, in training`), test: count(`${about}, in detection`) };
}

/** What can be configured of a Faster R-CNN. */
export const fasterRcnnSchema = {
  anchors: anchorSettings,
  rpn: {
    ...anchorMatchSettings,
    batchSizePerImage: count('anchors sampled from each image for the losses'),
    positiveFraction: fraction('largest share of positives among them'),
    preNmsTopN: trainAndTest('best proposals of each level that enter non-maximum suppression'),
    postNmsTopN: trainAndTest('best proposals of an image that are kept after it'),
    nmsThreshold: fraction('overlap above which non-maximum suppression drops the worse of two proposals'),
    scoreThreshold: fraction('lowest objectness (probability) of a proposal'),
    minProposalSize: nonNegative('shortest side of a proposal, pixels of the resized image'),
    bboxWeights: list('of the box deltas dx, dy, dw, dh', positive('weight'), 4, 4),
  },
  roi: {
    fgIouThreshold: fraction('overlap at or above which a proposal is an object'),
    bgIouThreshold: fraction('overlap below which a proposal is background'),
    batchSizePerImage: count('proposals sampled from each image for the losses'),
    positiveFraction: fraction('largest share of positives among them'),
    bboxWeights: list('of the box deltas dx, dy, dw, dh', positive('weight'), 4, 4),
    scoreThreshold: fraction('score that a detection has to exceed'),
    ...detectionSettings,
    minDetectionSize: nonNegative('shortest side of a detection, pixels of the resized image'),
  },
  losses: {
    rpn: {
      classification: choice('loss of the objectness of anchors', classificationLosses),
      box: boxLossSetting,
    },
    roi: {
      classification: choice('loss of the categories of proposals', classificationLosses),
      box: boxLossSetting,
    },
    smoothL1Beta: smoothL1BetaSetting,
    focal: focalSettings,
    classWeights: classWeightsSetting,
    weights: weightSettings(LOSS_NAMES),
  },
} satisfies SettingsSchema;

/** All settings of a Faster R-CNN. `modelDefinition(name).settings.schema` describes each. */
export type FasterRcnnSettings = ValuesOf<typeof fasterRcnnSchema>;
/** Settings of the region proposal network. */
export type RpnOptions = FasterRcnnSettings['rpn'];
/** Settings of the box head. */
export type RoiOptions = FasterRcnnSettings['roi'];
/** How a Faster R-CNN computes its losses. */
export type FasterRcnnLossOptions = FasterRcnnSettings['losses'];

/** The settings of torchvision's detectors, and what else their code has as numbers. */
export type FasterRcnnDefaults = FasterRcnnSettings & {
  /** Sides of the resized image, pixels. */
  readonly transform: Sides;
  /** The box that pools from the canonical level (torchvision's LevelMapper). */
  readonly levelMapper: LevelMapperOptions;
};

/**
 * The numbers of the published detector. All are the defaults of torchvision's FasterRCNN and
 * fasterrcnn_resnet50_fpn, or are written into its code where this is said.
 */
export const fasterRcnnDefaults: FasterRcnnDefaults = {
  transform: { minSize: 800, maxSize: 1333 },
  anchors: { sizes: [[32], [64], [128], [256], [512]], aspectRatios: [0.5, 1, 2] },
  rpn: {
    fgIouThreshold: 0.7,
    bgIouThreshold: 0.3,
    batchSizePerImage: 256,
    positiveFraction: 0.5,
    preNmsTopN: { train: 2000, test: 1000 },
    postNmsTopN: { train: 2000, test: 1000 },
    nmsThreshold: 0.7,
    scoreThreshold: 0,
    /** RegionProposalNetwork.min_size. */
    minProposalSize: 1e-3,
    /** RegionProposalNetwork's BoxCoder. */
    bboxWeights: [1, 1, 1, 1],
  },
  roi: {
    fgIouThreshold: 0.5,
    bgIouThreshold: 0.5,
    batchSizePerImage: 512,
    positiveFraction: 0.25,
    /** RoIHeads' BoxCoder. */
    bboxWeights: [10, 10, 5, 5],
    scoreThreshold: 0.05,
    nmsThreshold: 0.5,
    detectionsPerImage: 100,
    /** RoIHeads.postprocess_detections. */
    minDetectionSize: 1e-2,
  },
  losses: {
    rpn: { classification: 'cross_entropy', box: 'smooth_l1' },
    roi: { classification: 'cross_entropy', box: 'smooth_l1' },
    /** RegionProposalNetwork.compute_loss and fastrcnn_loss. */
    smoothL1Beta: 1 / 9,
    focal: focalDefaults,
    classWeights: [],
    weights: equalWeights(LOSS_NAMES),
  },
  levelMapper: { canonicalScale: 224, canonicalLevel: 4 },
};
