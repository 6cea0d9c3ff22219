import { GroupNorm, type NormalizationFactory } from '../../nn/normalization';
import { torchvisionInput } from '../../structures/input-spec';
import type { ResNetDepth } from '../backbone/resnet-stage';
import { ClassificationHead } from '../dense/classification-head';
import { DenseTower } from '../dense/dense-tower';
import { FcosRegressionHead } from '../dense/fcos-regression-head';
import type { PublishedWeights } from '../detector';
import { Fcos, FcosHead } from '../fcos';
import { fcosDefaults, fcosSchema, type FcosSettings } from '../fcos-defaults';
import { classWeightFaults } from '../loss-settings';
import { DistanceCoder } from '../matching/distance-coder';
import { LocationMatcher } from '../matching/location-matcher';
import { sharedRatios } from '../rpn/anchor-generator';
import { efficientnetLite0Input, mobilenetTraits, resnet, resnetTraits, SMALL_SIDES } from './bodies';
import {
  densePyramid,
  tinyPyramid,
  torchvisionPyramid,
  transferPyramid,
  type DensePyramidConfiguration,
} from './dense-pyramid';
import { denseStateDict } from './dense-state-dict';
import { familyModel, type Assembly, type Family, type FamilyDefinition, type FamilyOptions } from './family';
import {
  fcosWeights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';
import { anchorSizeFaults } from './setting-faults';

/** What tells one FCOS from another, beside its settings. */
export interface FcosConfiguration extends DensePyramidConfiguration {
  /** In the towers. */
  readonly towerNorm: NormalizationFactory;
}

/** What an FCOS is built from. */
export type FcosOptions = FamilyOptions<FcosConfiguration, FcosSettings>;
/** The definition of an FCOS. */
export type FcosDefinition = FamilyDefinition<FcosConfiguration, FcosSettings, Fcos>;

/** It has places instead of anchors. */
const family: Family<FcosConfiguration, FcosSettings, Fcos> = {
  schema: fcosSchema,
  faults: ({ anchors, losses }, { strides }, numClasses) => [
    ...anchorSizeFaults(squares(anchors.sizes), strides),
    ...classWeightFaults(losses.classWeights, numClasses),
  ],
  assemble,
};

/** One square a place. */
function squares(sizes: readonly number[]): number[][] {
  return sizes.map((size) => [size]);
}

function assemble({
  configuration,
  settings: { anchors, dense, losses },
  traits,
  headGradients,
  random,
  ...complete
}: Assembly<FcosConfiguration, FcosSettings>): Fcos {
  const { fpnChannels, towerDepth, towerNorm } = configuration;
  const backbone = densePyramid(configuration, complete, 'P5', random);
  const generator = sharedRatios({ sizes: squares(anchors.sizes), aspectRatios: [1] });
  const tower = (): DenseTower =>
    new DenseTower({
      channels: fpnChannels,
      depth: towerDepth,
      // torchvision: convolution, norm and ReLU of all layers in one list.
      names: (i) => ({ convolution: String(3 * i), normalization: String(3 * i + 1) }),
      biased: true,
      normalization: towerNorm,
      random,
    });
  const numLabels = traits.categories.length + 1;
  const head = new FcosHead(
    new ClassificationHead(tower(), fpnChannels, 1, numLabels, random, losses, headGradients),
    new FcosRegressionHead(tower(), fpnChannels, random, new DistanceCoder(), losses, headGradients),
  );
  const matcher = new LocationMatcher(dense.centerSamplingRadius);
  return new Fcos(traits, backbone, generator, head, matcher, dense);
}

const { transform, anchors, dense, losses } = fcosDefaults;
const torchvisionSettings: FcosSettings = { anchors, dense, losses };
const groupNorm = { towerNorm: (channels: number) => new GroupNorm(channels) };
const torchvisionTraits = {
  ...resnetTraits,
  input: torchvisionInput(transform),
  stateDict: denseStateDict,
};

function onResnet(depth: ResNetDepth, published: Readonly<Record<string, PublishedWeights>>): FcosDefinition {
  const traits = { ...torchvisionTraits, name: `fcos_resnet${depth}_fpn`, published };
  const configuration = { ...torchvisionPyramid, ...groupNorm, body: resnet(depth) };
  return familyModel(family, traits, configuration, torchvisionSettings);
}

/** All models of this family, with their types: bases for `defineModel`. */
export const fcosModels: readonly FcosDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: fcosWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  familyModel(
    family,
    {
      ...mobilenetTraits,
      name: 'fcos_efficientnet_lite0_fpn',
      input: efficientnetLite0Input,
      stateDict: denseStateDict,
    },
    { ...transferPyramid, ...groupNorm },
    torchvisionSettings,
  ),
  familyModel(
    family,
    { ...torchvisionTraits, name: 'fcos_tiny_fpn', input: torchvisionInput(SMALL_SIDES) },
    { ...tinyPyramid, ...groupNorm },
    torchvisionSettings,
  ),
];
