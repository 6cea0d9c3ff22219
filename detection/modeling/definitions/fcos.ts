import { GroupNorm, type NormalisationFactory } from '../../nn/normalisation';
import { RandomStream } from '../../nn/random';
import { torchvisionInput } from '../../structures/input-spec';
import { BackboneWithFpn, LastLevelP6P7 } from '../backbone/feature-pyramid';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import type { ResNetDepth } from '../backbone/resnet';
import { ClassificationHead } from '../dense/classification-head';
import { DenseTower } from '../dense/dense-tower';
import { FcosRegressionHead } from '../dense/fcos-regression-head';
import type { DetectorOptions, ModelDefinition, PublishedWeights } from '../detector';
import { Fcos, FcosHead } from '../fcos';
import { fcosDefaults, fcosSchema, type FcosSettings } from '../fcos-defaults';
import { classWeightFaults } from '../loss-settings';
import { DistanceCoder } from '../matching/distance-coder';
import { PlaceMatcher } from '../matching/place-matcher';
import { AnchorGenerator } from '../rpn/anchor-generator';
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
  fcosWeights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';
import { anchorSizeFaults } from './setting-faults';

/** What tells one FCOS from another, beside its settings. */
export interface FcosConfiguration {
  readonly body: MakeBody;
  /** Maps of the body that the pyramid stands on. */
  readonly numMaps: number;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the heads. */
  readonly fpnChannels: number;
  /** Convolutions of each head's tower. */
  readonly towerDepth: number;
  /** In the towers. */
  readonly towerNorm: NormalisationFactory;
  /** Of the levels of the pyramid, pixels of the resized image. */
  readonly strides: readonly number[];
}

export interface FcosOptions extends DetectorOptions, Partial<FcosConfiguration> {
  readonly epsilon?: number;
  readonly settings?: SomeOf<FcosSettings>;
}

export interface FcosDefinition extends ModelDefinition<FcosOptions, Fcos> {
  readonly settings: ModelSettings<FcosSettings>;
  readonly configuration: FcosConfiguration;
}

function fcos(
  name: string,
  traits: Pick<ModelDefinition, 'stages' | 'pretrainedNorm' | 'input'>,
  configuration: FcosConfiguration,
  values: FcosSettings,
  published: Readonly<Record<string, PublishedWeights>> = {},
): FcosDefinition {
  const definition: FcosDefinition = {
    name,
    ...traits,
    needs: [],
    published,
    stateDict: denseStateDict,
    settings: {
      schema: fcosSchema,
      values,
      faults: (given, numClasses) => faults(given, configuration, numClasses),
    },
    configuration,
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

/** One square a place. */
function squares(sizes: readonly number[]): number[][] {
  return sizes.map((size) => [size]);
}

function faults(
  { anchors, losses }: FcosSettings,
  { strides }: FcosConfiguration,
  numClasses: number | undefined,
): SettingFault[] {
  return [
    ...anchorSizeFaults(squares(anchors.sizes), strides),
    ...classWeightFaults(losses.classWeights, numClasses),
  ];
}

function assemble(
  configuration: FcosConfiguration,
  settings: FcosSettings,
  options: FcosOptions,
  definition: ModelDefinition,
): Fcos {
  const { body: makeBody, epsilon, numMaps, fpnChannels, towerDepth, towerNorm } = configuration;
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const [fault] = faults(settings, configuration, categories.length);
  if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
  const { headGradients, input = definition.input } = options;
  const random = new RandomStream(seed, 'init');
  const body = makeBody({ normalisation: normalisation(norm, epsilon), trainableLayers, random });
  const lastLevels = new LastLevelP6P7('P5', fpnChannels, fpnChannels, random);
  const backbone = new BackboneWithFpn(body, { outChannels: fpnChannels, numMaps, lastLevels, random });
  const anchors = new AnchorGenerator(
    squares(settings.anchors.sizes),
    settings.anchors.sizes.map(() => [1]),
  );
  const tower = (): DenseTower =>
    new DenseTower({
      channels: fpnChannels,
      depth: towerDepth,
      // torchvision: convolution, norm and ReLU of all layers in one list.
      names: (i) => ({ convolution: String(3 * i), normalisation: String(3 * i + 1) }),
      biased: true,
      normalisation: towerNorm,
      random,
    });
  const head = new FcosHead(
    new ClassificationHead(
      tower(),
      fpnChannels,
      1,
      categories.length + 1,
      random,
      settings.losses,
      headGradients,
    ),
    new FcosRegressionHead(tower(), fpnChannels, random, new DistanceCoder(), settings.losses, headGradients),
  );
  const matcher = new PlaceMatcher(settings.dense.centerSamplingRadius);
  return new Fcos({ definition, input, categories }, backbone, anchors, head, matcher, settings.dense);
}

/** torchvision's fcos_resnet50_fpn, whatever the body. */
const torchvision: Omit<FcosConfiguration, 'body'> = {
  numMaps: 3,
  epsilon: 1e-5,
  fpnChannels: 256,
  towerDepth: 4,
  towerNorm: (channels) => new GroupNorm(channels),
  strides: [8, 16, 32, 64, 128],
};
const torchvisionSettings: FcosSettings = {
  anchors: fcosDefaults.anchors,
  dense: fcosDefaults.dense,
  losses: fcosDefaults.losses,
};
const torchvisionTraits = { ...resnetTraits, input: torchvisionInput(fcosDefaults.transform) };

function onResnet(depth: ResNetDepth, published: Readonly<Record<string, PublishedWeights>>): FcosDefinition {
  const configuration = { ...torchvision, body: resnet(depth) };
  return fcos(`fcos_resnet${depth}_fpn`, torchvisionTraits, configuration, torchvisionSettings, published);
}

/** For small images and for machines without an accelerator: narrow and shallow heads. */
const small: Omit<FcosConfiguration, 'body'> = { ...torchvision, fpnChannels: 64, towerDepth: 2 };

export const fcosModels: readonly FcosDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: fcosWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  fcos(
    'fcos_efficientnet_lite0_fpn',
    { ...mobilenetTraits, input: efficientnetLite0Input },
    {
      ...small,
      body: (options) => new EfficientNetLite0(options),
      epsilon: EFFICIENTNET_EPSILON,
      fpnChannels: 128,
    },
    torchvisionSettings,
  ),
  fcos(
    'fcos_tiny_fpn',
    { ...resnetTraits, input: torchvisionInput(SMALL_SIDES) },
    { ...small, body: resnet(18, TINY_WIDTH) },
    torchvisionSettings,
  ),
];
