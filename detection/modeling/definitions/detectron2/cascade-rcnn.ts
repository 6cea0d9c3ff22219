import { RandomStream } from '../../../nn/random';
import {
  CASCADE_RPN_LOSS_NAMES,
  cascadeRcnnDefaults,
  cascadeRcnnSchema,
  type CascadeRcnnSettings,
} from '../../cascade-rcnn-defaults';
import type { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import type { PublishedWeights } from '../../detector';
import { classWeightFaults } from '../../loss-settings';
import { CascadeStage } from '../../roi/cascade-stage';
import { FastRcnnOutputLayers } from '../../roi/fast-rcnn-output-layers';
import { withSettings } from '../../settings';
import { TINY_ANCHOR_SIZES } from '../bodies';
import { familyModel, type Assembly, type Family, type FamilyDefinition } from '../family';
import { smallMaskLayers } from '../mask-head';
import { modelCalled } from '../model-called';
import { resnet18Weights, resnet34Weights } from '../published-weights';
import {
  schemaWith,
  stateDictWith,
  valuesWith,
  type RoiHeadDefinition,
  type SettingsOf,
} from '../roi-head-definition';
import { anchorSizeFaults, overlapFaults } from '../setting-faults';
import { assembleRcnn, detectron2Anchors, POOLED_SIZE, twoLayerHead } from './assemble';
import {
  msraBase,
  tinyBase,
  torchvisionBase,
  type Detectron2Base,
  type Detectron2Configuration,
} from './bases';
import { detectron2MaskHead, detectron2Pooler } from './heads';
import { detectron2StateDict } from './state-dict';

/** The definition of a Cascade R-CNN, perhaps with further heads. */
export type CascadeRcnnDefinition<HeadSettings = unknown> = FamilyDefinition<
  Detectron2Configuration,
  CascadeRcnnSettings & HeadSettings,
  Detectron2Rcnn<CascadeStage>
>;

const BOX_PREDICTOR = /^roi_heads\.box_predictor\.\d\./;
/** A region has one box whatever its class: CLS_AGNOSTIC_BBOX_REG. */
const BOXES_OF_ROI = 1;

function cascadeRcnn<const Heads extends readonly RoiHeadDefinition[] = []>(
  name: string,
  { traits, configuration }: Detectron2Base,
  options: {
    readonly heads?: Heads;
    readonly published?: Readonly<Record<string, PublishedWeights>>;
    readonly settings?: CascadeRcnnSettings;
  } = {},
): CascadeRcnnDefinition<SettingsOf<Heads>> {
  const { heads, published = {}, settings = cascadeRcnnDefaults } = options;
  const list = heads ?? [];
  type Settings = CascadeRcnnSettings & SettingsOf<Heads>;
  const family: Family<Detectron2Configuration, Settings, Detectron2Rcnn<CascadeStage>> = {
    schema: schemaWith(cascadeRcnnSchema, list),
    faults: ({ anchors, rpn, losses }, { strides }, numClasses) => [
      ...anchorSizeFaults(anchors.sizes, strides),
      ...overlapFaults('rpn', rpn),
      ...classWeightFaults(losses.classWeights, numClasses),
    ],
    anchorGenerator: (given) => detectron2Anchors(given, configuration),
    assemble: (assembly) => assembleRcnn(assembly, CASCADE_RPN_LOSS_NAMES, makeStage, list),
  };
  const needs = list.map((head) => head.needs);
  const stateDict = stateDictWith(detectron2StateDict(BOX_PREDICTOR, false, 'fasterrcnn_resnet50_fpn'), list);
  const itself = { ...traits, name, published, needs, stateDict };
  return familyModel(family, itself, configuration, valuesWith(settings, list) as Settings);
}

function makeStage(
  {
    configuration,
    settings,
    traits,
    headGradients,
    seed,
  }: Assembly<Detectron2Configuration, CascadeRcnnSettings>,
  random: RandomStream,
): CascadeStage {
  const numClasses = traits.categories.length;
  return new CascadeStage(
    detectron2Pooler(POOLED_SIZE),
    settings.roi.fgIouThresholds.map(() => ({
      boxHead: twoLayerHead(configuration, random),
      boxPredictor: new FastRcnnOutputLayers(configuration.headFeatures, numClasses, BOXES_OF_ROI, random),
    })),
    new RandomStream(seed, 'roi-sampler'),
    settings.roi,
    settings.losses,
    headGradients,
  );
}

const masks = [detectron2MaskHead()] as const;
/** As the tiny Faster R-CNN has it: two anchor sizes an octave, and fewer proposals. */
const tinySettings = withSettings(cascadeRcnnDefaults, {
  anchors: { sizes: TINY_ANCHOR_SIZES },
  rpn: { preNmsTopN: { train: 500, test: 500 }, postNmsTopN: { train: 300, test: 300 } },
  roi: { batchSizePerImage: 256 },
});

/** All Cascade R-CNNs, with their types: bases for `defineModel`. detectron2 has published weights of cascade_maskrcnn_resnet50_fpn. */
export const cascadeRcnnModels: readonly CascadeRcnnDefinition[] = [
  cascadeRcnn('cascadercnn_resnet18_fpn', torchvisionBase(18), { published: resnet18Weights }),
  cascadeRcnn('cascadercnn_resnet34_fpn', torchvisionBase(34), { published: resnet34Weights }),
  cascadeRcnn('cascadercnn_resnet50_fpn', msraBase(50)),
  cascadeRcnn('cascadercnn_resnet101_fpn', msraBase(101)),
  cascadeRcnn('cascadercnn_tiny_fpn', tinyBase, { settings: tinySettings }),
  cascadeRcnn('cascade_maskrcnn_resnet18_fpn', torchvisionBase(18), {
    heads: masks,
    published: resnet18Weights,
  }),
  cascadeRcnn('cascade_maskrcnn_resnet34_fpn', torchvisionBase(34), {
    heads: masks,
    published: resnet34Weights,
  }),
  cascadeRcnn('cascade_maskrcnn_resnet50_fpn', msraBase(50), { heads: masks }),
  cascadeRcnn('cascade_maskrcnn_resnet101_fpn', msraBase(101), { heads: masks }),
  cascadeRcnn('cascade_maskrcnn_tiny_fpn', tinyBase, {
    heads: [detectron2MaskHead(smallMaskLayers)] as const,
    settings: tinySettings,
  }),
];

/**
 * The definition of a Cascade R-CNN, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function cascadeRcnnModel(name: string): CascadeRcnnDefinition {
  return modelCalled(name, cascadeRcnnModels, 'Cascade R-CNN');
}
