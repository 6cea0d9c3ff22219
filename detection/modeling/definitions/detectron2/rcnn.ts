import { RandomStream } from '../../../nn/random';
import { detectron2Defaults } from '../../detectron2-defaults';
import type { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import { fasterRcnnSchema, RPN_LOSS_NAMES, type FasterRcnnSettings } from '../../faster-rcnn-defaults';
import { FastRcnnOutputLayers } from '../../roi/fast-rcnn-output-layers';
import { FastRcnnStage } from '../../roi/fast-rcnn';
import { withSettings } from '../../settings';
import type { Assembly, FamilyDefinition } from '../family';
import type { RoiHeadDefinition, SettingsOf } from '../roi-head-definition';
import { fasterRcnnFaults } from '../setting-faults';
import { POOLED_SIZE, pyramid, rcnnModel, twoLayerHead } from './assemble';
import { msraBase, type Detectron2Configuration } from './bases';
import { detectron2KeypointHead, detectron2MaskHead, detectron2Pooler } from './heads';
import { detectron2StateDict } from './state-dict';

/** The definition of detectron2's Faster R-CNN, perhaps with further heads. */
export type Detectron2RcnnDefinition<HeadSettings = unknown> = FamilyDefinition<
  Detectron2Configuration,
  FasterRcnnSettings & HeadSettings,
  Detectron2Rcnn<FastRcnnStage>
>;

const BOX_PREDICTOR = /^roi_heads\.box_predictor\./;

function detectron2Rcnn<const Heads extends readonly RoiHeadDefinition[]>(
  kind: 'fasterrcnn' | 'maskrcnn' | 'keypointrcnn',
  depth: 50 | 101,
  heads: Heads,
  settings: FasterRcnnSettings = detectron2Defaults,
): Detectron2RcnnDefinition<SettingsOf<Heads>> {
  const own = `${kind}_resnet${depth}_fpn`;
  return rcnnModel(
    {
      name: `${own}_detectron2`,
      base: msraBase(depth),
      schema: fasterRcnnSchema,
      values: settings,
      faults: fasterRcnnFaults,
      stateDict: detectron2StateDict(BOX_PREDICTOR, true, own),
      heads,
    },
    { rpnLossNames: RPN_LOSS_NAMES, backbone: pyramid, stage: makeStage, heads },
  );
}

function makeStage({
  configuration,
  settings,
  traits,
  headGradients,
  seed,
  random,
}: Assembly<Detectron2Configuration, FasterRcnnSettings>): FastRcnnStage {
  const numClasses = traits.categories.length;
  return new FastRcnnStage(
    detectron2Pooler(POOLED_SIZE),
    twoLayerHead(configuration, random),
    new FastRcnnOutputLayers(configuration.headFeatures, numClasses, numClasses, random),
    new RandomStream(seed, 'roi-sampler'),
    settings.roi,
    headGradients,
    settings.losses,
  );
}

const masks = [detectron2MaskHead()] as const;
const keypoints = [detectron2KeypointHead()] as const;
/** Base-Keypoint-RCNN-FPN. */
const keypointSettings = withSettings(detectron2Defaults, {
  rpn: { postNmsTopN: { train: 1500 } },
  losses: { roi: { box: 'smooth_l1' }, smoothL1Beta: 0.5 },
});

/** Models for detectron2's published Faster, Mask and Keypoint R-CNN, with their types: bases for `defineModel`. */
export const detectron2RcnnModels: readonly Detectron2RcnnDefinition[] = [
  detectron2Rcnn('fasterrcnn', 50, []),
  detectron2Rcnn('fasterrcnn', 101, []),
  detectron2Rcnn('maskrcnn', 50, masks),
  detectron2Rcnn('maskrcnn', 101, masks),
  detectron2Rcnn('keypointrcnn', 50, keypoints, keypointSettings),
  detectron2Rcnn('keypointrcnn', 101, keypoints, keypointSettings),
];
