import { fasterRcnnDefaults, type FasterRcnnSettings } from './faster-rcnn-defaults';
import type { LevelMapperOptions } from './roi/level-mapper';

/** detectron2 keeps boxes with sides above 0; float32 has no side between 0 and this. */
const SMALLEST_SIDE = 1e-30;

/** The settings of detectron2's Faster R-CNN: config/defaults.py and Base-RCNN-FPN, where these are not torchvision's. */
export const detectron2Defaults: FasterRcnnSettings = {
  anchors: fasterRcnnDefaults.anchors,
  rpn: {
    ...fasterRcnnDefaults.rpn,
    postNmsTopN: { train: 1000, test: 1000 },
    minProposalSize: SMALLEST_SIDE,
  },
  roi: { ...fasterRcnnDefaults.roi, minDetectionSize: 0 },
  losses: {
    ...fasterRcnnDefaults.losses,
    rpn: { classification: 'cross_entropy', box: 'l1' },
    roi: { classification: 'cross_entropy', box: 'l1' },
  },
};

/** Which level a box is pooled from: assign_boxes_to_levels. */
export const detectron2Levels: LevelMapperOptions = {
  ...fasterRcnnDefaults.levelMapper,
  rounding: 'detectron2',
};
