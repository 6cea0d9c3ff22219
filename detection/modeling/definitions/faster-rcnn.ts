import { RandomStream } from '../../nn/random';
import { torchvisionInput, type InputSpec } from '../../structures/input-spec';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import { BackboneWithFpn } from '../backbone/feature-pyramid';
import { MobileNetV2 } from '../backbone/mobilenet-v2';
import { MobileNetV3 } from '../backbone/mobilenet-v3';
import type { ResNetDepth } from '../backbone/resnet';
import type {
  DetectorOptions,
  ModelDefinition,
  NormName,
  PublishedWeights,
  StateDictLayout,
} from '../detector';
import { FasterRcnn } from '../faster-rcnn';
import { fasterRcnnDefaults, type RoiOptions, type RpnOptions } from '../faster-rcnn-defaults';
import { FastRcnnConvFcHead, FastRcnnPredictor, TwoMlpHead } from '../roi/box-head';
import { FastRcnnStage } from '../roi/fast-rcnn';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import { RoiHeads } from '../roi/roi-heads';
import { AnchorGenerator } from '../rpn/anchor-generator';
import { RegionProposalNetwork } from '../rpn/region-proposal-network';
import { RpnHead } from '../rpn/rpn-head';
import { mobilenetTraits, resnet, resnetTraits, SMALL_SIDES, type MakeBody } from './bodies';
import { completeOptions } from './complete-options';
import { normalisation } from './normalisation';
import {
  fasterRcnnWeights,
  mobilenetV3Weights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';

/** Everything that tells one Faster R-CNN from another. */
export interface FasterRcnnConfiguration {
  readonly body: MakeBody;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the RPN. */
  readonly fpnChannels: number;
  /** As fasterrcnn_resnet50_fpn_v2: two convolutions in the RPN, four in the box head, norms there and in the pyramid. */
  readonly improved: boolean;
  /** Features of the box head. */
  readonly headFeatures: number;
  /** Of each level of the pyramid, in pixels of the resized image. */
  readonly anchorSizes: readonly (readonly number[])[];
  readonly rpn: RpnOptions;
  readonly roi: RoiOptions;
}

export interface FasterRcnnOptions extends DetectorOptions, Partial<FasterRcnnConfiguration> {
  readonly epsilon?: number;
}

export interface FasterRcnnDefinition extends ModelDefinition<FasterRcnnOptions, FasterRcnn> {
  /** What its options change. */
  readonly configuration: FasterRcnnConfiguration;
}

/** What a model of this family says of itself, beside what it is made of. */
interface Traits {
  readonly stages: number;
  readonly pretrainedNorm: NormName;
  readonly input: InputSpec;
}

/** fasterrcnn_resnet50_fpn_v2: channels of the box head's convolutions, and convolutions of the RPN. */
const IMPROVED = { boxHeadChannels: [256, 256, 256, 256], rpnDepth: 2 };
const POOLED_SIZE = 7;

/** Entries of Faster R-CNN's state_dict, which are torchvision's. */
const stateDict: StateDictLayout = {
  numClasses: (entries) => {
    const shape = entries.get('roi_heads.box_predictor.cls_score.weight')?.shape;
    if (shape?.length === 2) return shape[0] - 1;
    throw new RangeError('it has no roi_heads.box_predictor.cls_score.weight');
  },
  rowsOfClass: (entry, label) => {
    if (entry.startsWith('roi_heads.box_predictor.cls_score.')) return { start: label, end: label + 1 };
    if (entry.startsWith('roi_heads.box_predictor.bbox_pred.'))
      return { start: 4 * label, end: 4 * (label + 1) };
    return undefined;
  },
  isPredictor: (entry) => entry.startsWith('roi_heads.box_predictor.'),
  isBackbone: (entry) => entry.startsWith('backbone.body.'),
};

function fasterRcnn(
  name: string,
  traits: Traits,
  configuration: FasterRcnnConfiguration,
  published: Readonly<Record<string, PublishedWeights>> = {},
): FasterRcnnDefinition {
  const definition: FasterRcnnDefinition = {
    name,
    ...traits,
    needs: [],
    published,
    stateDict,
    configuration,
    build: (options) =>
      assemble({ ...configuration, ...withoutUndefined(options) }, options, options.definition ?? definition),
  };
  return definition;
}

/** An option that is undefined is left out. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function assemble(
  configuration: FasterRcnnConfiguration,
  options: FasterRcnnOptions,
  definition: ModelDefinition,
): FasterRcnn {
  const { body, epsilon, fpnChannels, improved, headFeatures, anchorSizes } = configuration;
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const { headGradients, input = definition.input } = options;
  const random = new RandomStream(seed, 'init');
  const norms = normalisation(norm, epsilon);
  const backbone = new BackboneWithFpn(body({ normalisation: norms, trainableLayers, random }), {
    outChannels: fpnChannels,
    random,
    normalisation: improved ? norms : undefined,
  });
  const { anchors, levelMapper } = fasterRcnnDefaults;
  const anchorGenerator = new AnchorGenerator(
    anchorSizes,
    anchorSizes.map(() => anchors.aspectRatios),
  );
  const numAnchors = anchorGenerator.numAnchorsPerLocation()[0];
  const rpn = new RegionProposalNetwork(
    anchorGenerator,
    new RpnHead(fpnChannels, numAnchors, random, improved ? IMPROVED.rpnDepth : 1),
    new RandomStream(seed, 'rpn-sampler'),
    configuration.rpn,
    headGradients,
  );
  const boxHead = improved
    ? new FastRcnnConvFcHead(fpnChannels, POOLED_SIZE, IMPROVED.boxHeadChannels, headFeatures, norms, random)
    : new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random);
  const boxStage = new FastRcnnStage(
    new MultiScaleRoiAlign(POOLED_SIZE, levelMapper),
    boxHead,
    new FastRcnnPredictor(headFeatures, categories.length, random),
    new RandomStream(seed, 'roi-sampler'),
    configuration.roi,
    headGradients,
  );
  return new FasterRcnn({ definition, input, categories }, backbone, rpn, new RoiHeads(boxStage));
}

/** torchvision's fasterrcnn_resnet50_fpn, whatever the body. */
const torchvision: Omit<FasterRcnnConfiguration, 'body'> = {
  epsilon: 1e-5,
  fpnChannels: 256,
  improved: false,
  headFeatures: 1024,
  anchorSizes: fasterRcnnDefaults.anchors.sizes,
  rpn: fasterRcnnDefaults.rpn,
  roi: fasterRcnnDefaults.roi,
};
const torchvisionSides = { input: torchvisionInput(fasterRcnnDefaults.transform) };

/** torchvision: each of the three levels has anchors of all sizes. */
const ALL_ANCHOR_SIZES = fasterRcnnDefaults.anchors.sizes.flat();

/** torchvision's fasterrcnn_mobilenet_v3_large_fpn. */
const mobilenetV3: FasterRcnnConfiguration = {
  ...torchvision,
  body: (options) => new MobileNetV3(options),
  anchorSizes: [ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES],
  rpn: { ...fasterRcnnDefaults.rpn, scoreThreshold: 0.05 },
};

/** torchvision's fasterrcnn_mobilenet_v3_large_320_fpn. */
const mobilenetV3At320: FasterRcnnConfiguration = {
  ...mobilenetV3,
  rpn: {
    ...mobilenetV3.rpn,
    preNmsTopN: { ...mobilenetV3.rpn.preNmsTopN, test: 150 },
    postNmsTopN: { ...mobilenetV3.rpn.postNmsTopN, test: 150 },
  },
};

/** For small images and for machines without an accelerator: fewer proposals are enough for a dozen objects. */
const small: Omit<FasterRcnnConfiguration, 'body'> = {
  ...torchvision,
  rpn: {
    ...fasterRcnnDefaults.rpn,
    preNmsTopN: { train: 500, test: 500 },
    postNmsTopN: { train: 300, test: 300 },
  },
  roi: { ...fasterRcnnDefaults.roi, batchSizePerImage: 256 },
};
const smallInput = torchvisionInput(SMALL_SIDES);

/** The demo's, 3.4 million parameters. */
const tiny: FasterRcnnConfiguration = {
  ...small,
  body: resnet(18, 32),
  fpnChannels: 64,
  headFeatures: 128,
  // Two sizes an octave apart by its half: of boxes of 15 to 110 pixels 95 % overlap an anchor by 0.7 or more, with
  // torchvision's 46 %.
  anchorSizes: [
    [24, 34],
    [48, 68],
    [96, 136],
    [192, 272],
    [384, 543],
  ],
};

/**
 * For transfer learning on a processor: a small pretrained body that may stay frozen, and narrow heads. Both bodies
 * have been trained with TensorFlow, with its padding and its normalisation of images.
 */
const transfer: Omit<FasterRcnnConfiguration, 'body'> = {
  ...small,
  fpnChannels: 128,
  headFeatures: 256,
  // Levels of strides 8, 16 and 32, and the pool level; two sizes an octave as in the tiny model.
  anchorSizes: [
    [32, 45],
    [64, 90],
    [128, 181],
    [256, 362],
  ],
};

/** x / 127.5 - 1 of bytes. */
const mobilenetV2Input: InputSpec = { ...smallInput, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

const BYTES_MEAN = 127 / 255;
const BYTES_STD = 128 / 255;
/** tensorflow/tpu, efficientnet_lite_builder: (x - 127) / 128 of bytes. */
const efficientnetLite0Input: InputSpec = {
  ...smallInput,
  mean: [BYTES_MEAN, BYTES_MEAN, BYTES_MEAN],
  std: [BYTES_STD, BYTES_STD, BYTES_STD],
};

const mobilenetV2: FasterRcnnConfiguration = { ...transfer, body: (options) => new MobileNetV2(options) };
const efficientnetLite0: FasterRcnnConfiguration = {
  ...transfer,
  body: (options) => new EfficientNetLite0(options),
  epsilon: 1e-3, // efficientnet_model: batch norm's epsilon
};

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): FasterRcnnDefinition {
  const name = `fasterrcnn_resnet${depth}_fpn`;
  return fasterRcnn(
    name,
    { ...resnetTraits, ...torchvisionSides },
    { ...torchvision, body: resnet(depth) },
    published,
  );
}

export const fasterRcnnModels: readonly FasterRcnnDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: fasterRcnnWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  fasterRcnn(
    'fasterrcnn_resnet50_fpn_v2',
    { ...resnetTraits, ...torchvisionSides, pretrainedNorm: 'batch' },
    { ...torchvision, body: resnet(50), improved: true },
    // The second detector has first weights only; COCO_V2 is understood to mean them too.
    {
      COCO_V1: fasterRcnnWeights.resnet50FpnV2,
      COCO_V2: fasterRcnnWeights.resnet50FpnV2,
      ...resnet50Weights,
    },
  ),
  fasterRcnn('fasterrcnn_mobilenet_v3_large_fpn', { ...mobilenetTraits, ...torchvisionSides }, mobilenetV3, {
    COCO_V1: fasterRcnnWeights.mobilenetV3Fpn,
    ...mobilenetV3Weights,
  }),
  fasterRcnn(
    'fasterrcnn_mobilenet_v3_large_320_fpn',
    { ...mobilenetTraits, input: torchvisionInput({ minSize: 320, maxSize: 640 }) },
    mobilenetV3At320,
    { COCO_V1: fasterRcnnWeights.mobilenetV3At320Fpn, ...mobilenetV3Weights },
  ),
  // torchvision's MobileNetV2 does not fit: the one here is TensorFlow's, with other padding and other normalisation.
  fasterRcnn('fasterrcnn_mobilenet_v2_fpn', { ...mobilenetTraits, input: mobilenetV2Input }, mobilenetV2),
  fasterRcnn(
    'fasterrcnn_efficientnet_lite0_fpn',
    { ...mobilenetTraits, input: efficientnetLite0Input },
    efficientnetLite0,
  ),
  fasterRcnn('fasterrcnn_tiny_fpn', { ...resnetTraits, input: smallInput }, tiny),
];

/**
 * The definition of a model of this family, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function fasterRcnnModel(name: string): FasterRcnnDefinition {
  const found = fasterRcnnModels.find((definition) => definition.name === name);
  if (!found) throw new RangeError(`there is no Faster R-CNN called ${name}`);
  return found;
}
