import { keypointRcnnDefaults } from '../../../detection/modeling/keypoint-rcnn-defaults';
import { KeypointRcnnHeads, KeypointRcnnPredictor } from '../../../detection/modeling/roi/keypoint-head';
import { KeypointStage } from '../../../detection/modeling/roi/keypoint-stage';
import { MultiScaleRoiAlign } from '../../../detection/modeling/roi/multi-scale-roi-align';
import { describeGoldenDetector } from './golden-detector';
import { buildTinyRcnn, TINY_LEVELS } from './tiny-golden';

describeGoldenDetector('a tiny Keypoint R-CNN', 'keypointrcnn', (golden, headGradients) =>
  buildTinyRcnn(golden, {
    headGradients,
    numClasses: 1,
    scoreThreshold: 0.1,
    heads: (random) => [
      new KeypointStage(
        new MultiScaleRoiAlign(14, TINY_LEVELS),
        new KeypointRcnnHeads(8, [8, 8], random),
        new KeypointRcnnPredictor(8, 5, random),
        keypointRcnnDefaults.settings,
        headGradients,
      ),
    ],
  }),
);
