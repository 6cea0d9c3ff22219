import { GroupNorm } from '../../nn/normalisation';
import { RandomStream } from '../../nn/random';
import { torchvisionInput } from '../../structures/input-spec';
import { BackboneWithFpn, LastLevelP6P7 } from '../backbone/feature-pyramid';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import type { ResNetDepth } from '../backbone/resnet';
import { ClassificationHead } from '../dense/classification-head';
import { DenseTower } from '../dense/dense-tower';
import { RetinaNetRegressionHead } from '../dense/retinanet-regression-head';
import type { DetectorOptions, ModelDefinition, NormName, PublishedWeights } from '../detector';
import { classWeightFaults } from '../loss-settings';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { RetinaNet, RetinaNetHead } from '../retinanet';
import { octaveOf, retinaNetDefaults, retinaNetSchema, type RetinaNetSettings } from '../retinanet-defaults';
import { AnchorGenerator, featureSizes } from '../rpn/anchor-generator';
import { withSettings, type ModelSettings, type SettingFault, type SomeOf } from '../settings';
import {
  EFFICIENTNET_EPSILON,
  efficientnetLite0Input,
  mobilenetTraits,
  resnet,
  resnetTraits,
  SMALL_SIDES,
  TINY_WIDTH,
  type MakeBody,
} from './bodies';
import { completeOptions, withoutUndefined } from './complete-options';
import { denseStateDict } from './dense-state-dict';
import { normalisation } from './normalisation';
import {
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
  retinaNetWeights,
} from './published-weights';
import { anchorSizeFaults, overlapFaults } from './setting-faults';

/** What tells one RetinaNet from another, beside its settings. */
export interface RetinaNetConfiguration {
  readonly body: MakeBody;
  /** Maps of the body that the pyramid stands on. */
  readonly numMaps: number;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the heads. */
  readonly fpnChannels: number;
  /** As retinanet_resnet50_fpn_v2: P6 from the body's last map, group norm in the heads. */
  readonly improved: boolean;
  /** Convolutions of each head's tower. */
  readonly towerDepth: number;
  /** Of the levels of the pyramid, pixels of the resized image. */
  readonly strides: readonly number[];
}

export interface RetinaNetOptions extends DetectorOptions, Partial<RetinaNetConfiguration> {
  readonly epsilon?: number;
  readonly settings?: SomeOf<RetinaNetSettings>;
}

export interface RetinaNetDefinition extends ModelDefinition<RetinaNetOptions, RetinaNet> {
  readonly settings: ModelSettings<RetinaNetSettings>;
  readonly configuration: RetinaNetConfiguration;
}

type Traits = Pick<ModelDefinition, 'stages' | 'input'> & { readonly pretrainedNorm: NormName };

function retinaNet(
  name: string,
  traits: Traits,
  configuration: RetinaNetConfiguration,
  values: RetinaNetSettings,
  published: Readonly<Record<string, PublishedWeights>> = {},
): RetinaNetDefinition {
  const definition: RetinaNetDefinition = {
    name,
    ...traits,
    needs: [],
    published,
    stateDict: denseStateDict,
    settings: {
      schema: retinaNetSchema,
      values,
      faults: (given, numClasses) => faults(given, configuration, numClasses),
    },
    configuration,
    anchors: (padded, settings: SomeOf<RetinaNetSettings> = {}) =>
      anchorGenerator(withSettings(values, settings)).anchors(
        padded,
        featureSizes(padded, configuration.strides),
      ),
    build: (options) =>
      assemble(
        { ...configuration, ...withoutUndefined(options) },
        withSettings(values, options.settings ?? {}),
        options,
        options.definition ?? definition,
      ),
  };
  return definition;
}

function anchorGenerator({ anchors: { sizes, aspectRatios } }: RetinaNetSettings): AnchorGenerator {
  return new AnchorGenerator(
    sizes,
    sizes.map(() => aspectRatios),
  );
}

function faults(
  { anchors, dense, losses }: RetinaNetSettings,
  { strides }: RetinaNetConfiguration,
  numClasses: number | undefined,
): SettingFault[] {
  return [
    ...anchorSizeFaults(anchors.sizes, strides),
    ...overlapFaults('dense', dense),
    ...classWeightFaults(losses.classWeights, numClasses),
  ];
}

function assemble(
  configuration: RetinaNetConfiguration,
  settings: RetinaNetSettings,
  options: RetinaNetOptions,
  definition: ModelDefinition,
): RetinaNet {
  const { body: makeBody, epsilon, numMaps, fpnChannels, improved, towerDepth } = configuration;
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const [fault] = faults(settings, configuration, categories.length);
  if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
  const { headGradients, input = definition.input } = options;
  const { dense, losses } = settings;
  const random = new RandomStream(seed, 'init');
  const body = makeBody({ normalisation: normalisation(norm, epsilon), trainableLayers, random });
  const lastLevels = improved
    ? new LastLevelP6P7('C5', body.outChannels.at(-1)!, fpnChannels, random)
    : new LastLevelP6P7('P5', fpnChannels, fpnChannels, random);
  const backbone = new BackboneWithFpn(body, { outChannels: fpnChannels, numMaps, lastLevels, random });
  const anchors = anchorGenerator(settings);
  const numAnchors = anchors.numAnchorsPerLocation()[0];
  const boxCoder = new BoxCoder(retinaNetDefaults.bboxWeights);
  const tower = (): DenseTower =>
    new DenseTower({
      channels: fpnChannels,
      depth: towerDepth,
      names: (i) => ({ convolution: `${i}.0`, normalisation: `${i}.1` }),
      biased: false,
      normalisation: improved ? (channels) => new GroupNorm(channels) : undefined,
      random,
    });
  const head = new RetinaNetHead(
    new ClassificationHead(
      tower(),
      fpnChannels,
      numAnchors,
      categories.length + 1,
      random,
      losses,
      headGradients,
    ),
    new RetinaNetRegressionHead(tower(), fpnChannels, numAnchors, random, boxCoder, losses, headGradients),
  );
  const matcher = new Matcher(dense.fgIouThreshold, dense.bgIouThreshold, true);
  return new RetinaNet({ definition, input, categories }, backbone, anchors, head, matcher, boxCoder, dense);
}

/** torchvision's retinanet_resnet50_fpn, whatever the body. */
const torchvision: Omit<RetinaNetConfiguration, 'body'> = {
  numMaps: 3,
  epsilon: 1e-5,
  fpnChannels: 256,
  improved: false,
  towerDepth: 4,
  strides: [8, 16, 32, 64, 128],
};
const torchvisionSettings: RetinaNetSettings = {
  anchors: retinaNetDefaults.anchors,
  dense: retinaNetDefaults.dense,
  losses: retinaNetDefaults.losses,
};
const torchvisionTraits: Traits = {
  ...resnetTraits,
  input: torchvisionInput(retinaNetDefaults.transform),
};

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): RetinaNetDefinition {
  const configuration = { ...torchvision, body: resnet(depth) };
  return retinaNet(
    `retinanet_resnet${depth}_fpn`,
    torchvisionTraits,
    configuration,
    torchvisionSettings,
    published,
  );
}

/** For small images and for machines without an accelerator: narrow and shallow heads, for boxes from 15 pixels on. */
const small: Omit<RetinaNetConfiguration, 'body'> = {
  ...torchvision,
  improved: true,
  fpnChannels: 64,
  towerDepth: 2,
};
const smallSettings = withSettings(torchvisionSettings, {
  anchors: { sizes: [16, 32, 64, 128, 256].map(octaveOf) },
});

export const retinaNetModels: readonly RetinaNetDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: retinaNetWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  retinaNet(
    'retinanet_resnet50_fpn_v2',
    { ...torchvisionTraits, pretrainedNorm: 'batch' },
    { ...torchvision, body: resnet(50), improved: true },
    withSettings(torchvisionSettings, { losses: { box: 'giou' } }),
    { COCO_V1: retinaNetWeights.resnet50FpnV2, ...resnet50Weights },
  ),
  retinaNet(
    'retinanet_efficientnet_lite0_fpn',
    { ...mobilenetTraits, input: efficientnetLite0Input },
    {
      ...small,
      body: (options) => new EfficientNetLite0(options),
      epsilon: EFFICIENTNET_EPSILON,
      fpnChannels: 128,
    },
    smallSettings,
  ),
  retinaNet(
    'retinanet_tiny_fpn',
    { ...resnetTraits, input: torchvisionInput(SMALL_SIDES) },
    { ...small, body: resnet(18, TINY_WIDTH) },
    smallSettings,
  ),
];
