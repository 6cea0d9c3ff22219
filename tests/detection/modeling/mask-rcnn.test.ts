import { maskRcnnDefaults } from '../../../detection/modeling/mask-rcnn-defaults';
import { MaskRcnnHeads } from '../../../detection/modeling/roi/mask-head';
import { MaskRcnnPredictor } from '../../../detection/modeling/roi/mask-predictor';
import { MaskStage } from '../../../detection/modeling/roi/mask-stage';
import { MultiScaleRoiAlign } from '../../../detection/modeling/roi/multi-scale-roi-align';
import { describeGoldenDetector } from './golden-detector';
import { buildTinyRcnn, TINY_LEVELS } from './tiny-golden';

describeGoldenDetector('a tiny Mask R-CNN', 'maskrcnn', (golden, headGradients) =>
  buildTinyRcnn(golden, {
    headGradients,
    heads: (random) => [
      new MaskStage(
        new MultiScaleRoiAlign(14, TINY_LEVELS),
        new MaskRcnnHeads(8, [8, 8], undefined, random),
        new MaskRcnnPredictor(8, 8, 3, random),
        maskRcnnDefaults.settings,
        headGradients,
      ),
    ],
  }),
);
