import { detectron2Defaults } from './detectron2-defaults';
import { fasterRcnnSchema, type HeadLossNames } from './faster-rcnn-defaults';
import { equalWeights, weightSettings } from './loss-settings';
import { fraction, list, positive, type SettingsSchema, type ValuesOf } from './settings';

/** Heads of the cascade, one after the other. */
const NUM_STAGES = 3;

/** What the losses of the head of a stage, counted from 0, are called. */
export function cascadeLossNames(stage: number): HeadLossNames {
  return [`loss_cls_stage${stage}`, `loss_box_reg_stage${stage}`];
}

/** Of detectron2's RPN. */
export const CASCADE_RPN_LOSS_NAMES = ['loss_rpn_cls', 'loss_rpn_loc'] as const;
const LOSS_NAMES = [
  ...CASCADE_RPN_LOSS_NAMES,
  ...Array.from({ length: NUM_STAGES }, (_, stage) => cascadeLossNames(stage)).flat(),
];

const { batchSizePerImage, positiveFraction, scoreThreshold, nmsThreshold, detectionsPerImage } =
  fasterRcnnSchema.roi;

/** What can be configured of a Cascade R-CNN. */
export const cascadeRcnnSchema = {
  anchors: fasterRcnnSchema.anchors,
  rpn: fasterRcnnSchema.rpn,
  roi: {
    fgIouThresholds: list(
      'of each stage',
      fraction('overlap at or above which a proposal is an object, below which it is background'),
      NUM_STAGES,
      NUM_STAGES,
    ),
    batchSizePerImage,
    positiveFraction,
    bboxWeights: list(
      'of each stage',
      list('of the box deltas dx, dy, dw, dh', positive('weight'), 4, 4),
      NUM_STAGES,
      NUM_STAGES,
    ),
    scoreThreshold,
    nmsThreshold,
    detectionsPerImage,
    minDetectionSize: fasterRcnnSchema.roi.minDetectionSize,
  },
  losses: { ...fasterRcnnSchema.losses, weights: weightSettings(LOSS_NAMES) },
} satisfies SettingsSchema;

/** All settings of a Cascade R-CNN. */
export type CascadeRcnnSettings = ValuesOf<typeof cascadeRcnnSchema>;
/** Settings of the cascade. */
export type CascadeOptions = CascadeRcnnSettings['roi'];
/** How a Cascade R-CNN computes its losses. */
export type CascadeLossOptions = CascadeRcnnSettings['losses'];

const { roi: ofOneHead } = detectron2Defaults;

/** The numbers of detectron2's Cascade R-CNN: config/defaults.py (ROI_BOX_CASCADE_HEAD), Misc/cascade_mask_rcnn_R_50_FPN. */
export const cascadeRcnnDefaults: CascadeRcnnSettings = {
  anchors: detectron2Defaults.anchors,
  rpn: { ...detectron2Defaults.rpn, postNmsTopN: { train: 2000, test: 1000 } },
  roi: {
    batchSizePerImage: ofOneHead.batchSizePerImage,
    positiveFraction: ofOneHead.positiveFraction,
    scoreThreshold: ofOneHead.scoreThreshold,
    nmsThreshold: ofOneHead.nmsThreshold,
    detectionsPerImage: ofOneHead.detectionsPerImage,
    minDetectionSize: ofOneHead.minDetectionSize,
    fgIouThresholds: [0.5, 0.6, 0.7],
    bboxWeights: [
      [10, 10, 5, 5],
      [20, 20, 10, 10],
      [30, 30, 15, 15],
    ],
  },
  losses: { ...detectron2Defaults.losses, weights: equalWeights(LOSS_NAMES) },
};
