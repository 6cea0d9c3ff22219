import { RandomStream } from '../../../nn/random';
import { detectron2Defaults } from '../../detectron2-defaults';
import type { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import { fasterRcnnSchema, RPN_LOSS_NAMES, type FasterRcnnSettings } from '../../faster-rcnn-defaults';
import { FastRcnnOutputLayers } from '../../roi/fast-rcnn-output-layers';
import { FastRcnnStage } from '../../roi/fast-rcnn';
import { withSettings } from '../../settings';
import { familyModel, type Assembly, type Family, type FamilyDefinition } from '../family';
import {
  schemaWith,
  stateDictWith,
  valuesWith,
  type RoiHeadDefinition,
  type SettingsOf,
} from '../roi-head-definition';
import { fasterRcnnFaults } from '../setting-faults';
import { assembleRcnn, detectron2Anchors, POOLED_SIZE, twoLayerHead } from './assemble';
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

function detectron2Rcnn<const Heads extends readonly RoiHeadDefinition[] = []>(
  kind: 'fasterrcnn' | 'maskrcnn' | 'keypointrcnn',
  depth: 50 | 101,
  heads?: Heads,
  settings: FasterRcnnSettings = detectron2Defaults,
): Detectron2RcnnDefinition<SettingsOf<Heads>> {
  const list = heads ?? [];
  const { traits, configuration } = msraBase(depth);
  type Settings = FasterRcnnSettings & SettingsOf<Heads>;
  const family: Family<Detectron2Configuration, Settings, Detectron2Rcnn<FastRcnnStage>> = {
    schema: schemaWith(fasterRcnnSchema, list),
    faults: fasterRcnnFaults,
    anchorGenerator: (given) => detectron2Anchors(given, configuration),
    assemble: (assembly) => assembleRcnn(assembly, RPN_LOSS_NAMES, makeStage, list),
  };
  const own = `${kind}_resnet${depth}_fpn`;
  const itself = {
    ...traits,
    name: `${own}_detectron2`,
    needs: list.map((head) => head.needs),
    stateDict: stateDictWith(detectron2StateDict(BOX_PREDICTOR, true, own), list),
  };
  return familyModel(family, itself, configuration, valuesWith(settings, list) as Settings);
}

function makeStage(
  {
    configuration,
    settings,
    traits,
    headGradients,
    seed,
  }: Assembly<Detectron2Configuration, FasterRcnnSettings>,
  random: RandomStream,
): FastRcnnStage {
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
  detectron2Rcnn('fasterrcnn', 50),
  detectron2Rcnn('fasterrcnn', 101),
  detectron2Rcnn('maskrcnn', 50, masks),
  detectron2Rcnn('maskrcnn', 101, masks),
  detectron2Rcnn('keypointrcnn', 50, keypoints, keypointSettings),
  detectron2Rcnn('keypointrcnn', 101, keypoints, keypointSettings),
];
