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
import type { Assembly, FamilyDefinition } from '../family';
import { smallMaskLayers } from '../mask-head';
import { modelCalled } from '../model-called';
import { resnet18Weights, resnet34Weights } from '../published-weights';
import type { RoiHeadDefinition, SettingsOf } from '../roi-head-definition';
import { anchorSizeFaults, overlapFaults } from '../setting-faults';
import { POOLED_SIZE, pyramid, rcnnModel, twoLayerHead } from './assemble';
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

function cascadeRcnn<const Heads extends readonly RoiHeadDefinition[]>(
  name: string,
  base: Detectron2Base,
  heads: Heads,
  options: {
    readonly published?: Readonly<Record<string, PublishedWeights>>;
    readonly settings?: CascadeRcnnSettings;
  } = {},
): CascadeRcnnDefinition<SettingsOf<Heads>> {
  const { published, settings = cascadeRcnnDefaults } = options;
  return rcnnModel(
    {
      name,
      base,
      published,
      schema: cascadeRcnnSchema,
      values: settings,
      faults: ({ anchors, rpn, losses }, { strides }, numClasses) => [
        ...anchorSizeFaults(anchors.sizes, strides),
        ...overlapFaults('rpn', rpn),
        ...classWeightFaults(losses.classWeights, numClasses),
      ],
      stateDict: detectron2StateDict(BOX_PREDICTOR, false, 'fasterrcnn_resnet50_fpn'),
      heads,
    },
    { rpnLossNames: CASCADE_RPN_LOSS_NAMES, backbone: pyramid, stage: makeStage, heads },
  );
}

function makeStage({
  configuration,
  settings,
  traits,
  headGradients,
  seed,
  random,
}: Assembly<Detectron2Configuration, CascadeRcnnSettings>): CascadeStage {
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
  cascadeRcnn('cascadercnn_resnet18_fpn', torchvisionBase(18), [], { published: resnet18Weights }),
  cascadeRcnn('cascadercnn_resnet34_fpn', torchvisionBase(34), [], { published: resnet34Weights }),
  cascadeRcnn('cascadercnn_resnet50_fpn', msraBase(50), []),
  cascadeRcnn('cascadercnn_resnet101_fpn', msraBase(101), []),
  cascadeRcnn('cascadercnn_tiny_fpn', tinyBase, [], { settings: tinySettings }),
  cascadeRcnn('cascade_maskrcnn_resnet18_fpn', torchvisionBase(18), masks, { published: resnet18Weights }),
  cascadeRcnn('cascade_maskrcnn_resnet34_fpn', torchvisionBase(34), masks, { published: resnet34Weights }),
  cascadeRcnn('cascade_maskrcnn_resnet50_fpn', msraBase(50), masks),
  cascadeRcnn('cascade_maskrcnn_resnet101_fpn', msraBase(101), masks),
  cascadeRcnn('cascade_maskrcnn_tiny_fpn', tinyBase, [detectron2MaskHead(smallMaskLayers)], {
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
