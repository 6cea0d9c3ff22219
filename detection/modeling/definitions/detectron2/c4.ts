import { RandomStream } from '../../../nn/random';
import { SingleMapBackbone } from '../../backbone/backbone';
import { ResNet } from '../../backbone/resnet';
import { ResNetStage } from '../../backbone/resnet-stage';
import { detectron2Defaults } from '../../detectron2-defaults';
import type { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import { detectron2C4Name } from '../../detectron2/entry-names';
import { fasterRcnnSchema, RPN_LOSS_NAMES, type FasterRcnnSettings } from '../../faster-rcnn-defaults';
import type { MaskSettings } from '../../mask-rcnn-defaults';
import { FastRcnnOutputLayers } from '../../roi/fast-rcnn-output-layers';
import { MaskRcnnPredictor } from '../../roi/mask-predictor';
import { Res5Stage, type Res5Parts } from '../../roi/res5-stage';
import { withSettings } from '../../settings';
import { TINY_ANCHOR_SIZES } from '../bodies';
import type { Assembly, FamilyDefinition } from '../family';
import { modelCalled } from '../model-called';
import { normalization } from '../normalization';
import { fasterRcnnFaults } from '../setting-faults';
import { rcnnModel } from './assemble';
import { msraC4Base, tinyC4Base, type C4Base, type C4Configuration } from './bases';
import { detectron2MaskTraits, detectron2Pooler } from './heads';
import { detectron2StateDict } from './state-dict';

/** The definition of a Faster R-CNN whose head is the last stage of its ResNet, perhaps with masks. */
export type C4Definition<HeadSettings = unknown> = FamilyDefinition<
  C4Configuration,
  FasterRcnnSettings & HeadSettings,
  Detectron2Rcnn<Res5Stage>
>;

const BOX_PREDICTOR = /^roi_heads\.box_predictor\./;
/** Height and width of a region that the head sees; its stride makes 7 of it. */
const POOLED_SIZE = 14;
/** The stage of a ResNet that is the head. */
const HEAD_STAGE = 3;

/** Base-RCNN-C4: all anchors on one map, and more proposals of it. */
const c4Settings = withSettings(detectron2Defaults, {
  anchors: { sizes: [detectron2Defaults.anchors.sizes.flat()] },
  rpn: { preNmsTopN: { train: 12000, test: 6000 }, postNmsTopN: { train: 2000, test: 1000 } },
});
/** As the tiny Faster R-CNN has it, but the largest anchors, and fewer regions. */
const tinySettings = withSettings(c4Settings, {
  anchors: { sizes: [TINY_ANCHOR_SIZES.slice(0, -1).flat()] },
  rpn: { preNmsTopN: { train: 500, test: 500 }, postNmsTopN: { train: 300, test: 300 } },
  roi: { batchSizePerImage: 128 },
});

function fasterRcnn(name: string, base: C4Base, settings = c4Settings): C4Definition {
  return rcnnModel(
    { ...common(name, base, settings), heads: [] },
    { ...layout, stage: (assembly) => makeStage(assembly) },
  );
}

function maskRcnn(name: string, base: C4Base, settings = c4Settings): C4Definition<MaskSettings> {
  return rcnnModel(
    { ...common(name, base, settings), heads: [detectron2MaskTraits] },
    {
      ...layout,
      stage: (assembly: Assembly<C4Configuration, FasterRcnnSettings & MaskSettings>) =>
        makeStage(assembly, assembly.settings),
    },
  );
}

function common(name: string, base: C4Base, values: FasterRcnnSettings) {
  return {
    name,
    base,
    schema: fasterRcnnSchema,
    values,
    faults: fasterRcnnFaults,
    stateDict: detectron2StateDict(BOX_PREDICTOR, true, 'fasterrcnn_resnet50_fpn', detectron2C4Name),
  };
}

/** What is the same with masks and without. */
const layout = {
  rpnLossNames: RPN_LOSS_NAMES,
  backbone: makeBackbone,
  heads: [],
  entryName: detectron2C4Name,
};

function makeBackbone({
  configuration: { resnet, epsilon },
  norm,
  trainableLayers,
  random,
}: Assembly<C4Configuration, unknown>): SingleMapBackbone {
  const body = new ResNet(resnet.depth, {
    ...resnet,
    normalization: normalization(norm, epsilon),
    // The head is the first stage from the top.
    trainableLayers: Math.max(0, trainableLayers - 1),
    random,
    numStages: HEAD_STAGE,
  });
  return new SingleMapBackbone(body);
}

/** @param masks settings of masks, of a model that finds such */
function makeStage(
  {
    configuration: { resnet, epsilon, strides, maskChannels },
    settings,
    traits,
    norm,
    trainableLayers,
    headGradients,
    seed,
    random,
  }: Assembly<C4Configuration, FasterRcnnSettings>,
  masks?: MaskSettings,
): Res5Stage {
  const numClasses = traits.categories.length;
  const res5 = new ResNetStage(resnet.depth, HEAD_STAGE, {
    ...resnet,
    normalization: normalization(norm, epsilon),
    random,
  });
  if (trainableLayers === 0) res5.freeze();
  const { outChannels } = res5;
  const parts: Res5Parts = {
    pooler: detectron2Pooler(POOLED_SIZE, strides),
    res5,
    boxPredictor: new FastRcnnOutputLayers(outChannels, numClasses, numClasses, random),
    ...(masks && {
      masks: {
        predictor: new MaskRcnnPredictor(outChannels, maskChannels, numClasses, random, 1),
        settings: masks,
      },
    }),
  };
  return new Res5Stage(
    parts,
    new RandomStream(seed, 'roi-sampler'),
    settings.roi,
    settings.losses,
    headGradients,
  );
}

/** All models without a feature pyramid, with their types: bases for `defineModel`. detectron2 has published weights of those on ResNet-50 and 101. */
export const c4Models: readonly C4Definition[] = [
  fasterRcnn('fasterrcnn_resnet50_c4', msraC4Base(50)),
  fasterRcnn('fasterrcnn_resnet101_c4', msraC4Base(101)),
  fasterRcnn('fasterrcnn_tiny_c4', tinyC4Base, tinySettings),
  maskRcnn('maskrcnn_resnet50_c4', msraC4Base(50)),
  maskRcnn('maskrcnn_tiny_c4', tinyC4Base, tinySettings),
];

/**
 * The definition of a model without a feature pyramid, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function c4Model(name: string): C4Definition {
  return modelCalled(name, c4Models, 'C4 model');
}
