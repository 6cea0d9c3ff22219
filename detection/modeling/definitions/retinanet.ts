import { GroupNorm } from '../../nn/normalization';
import { torchvisionInput } from '../../structures/input-spec';
import type { ResNetDepth } from '../backbone/resnet-stage';
import { ClassificationHead } from '../dense/classification-head';
import { DenseTower } from '../dense/dense-tower';
import { RetinaNetRegressionHead } from '../dense/retinanet-regression-head';
import type { PublishedWeights } from '../detector';
import { classWeightFaults } from '../loss-settings';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { RetinaNet, RetinaNetHead } from '../retinanet';
import { octaveOf, retinaNetDefaults, retinaNetSchema, type RetinaNetSettings } from '../retinanet-defaults';
import { sharedRatios } from '../rpn/anchor-generator';
import { withSettings } from '../settings';
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
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
  retinaNetWeights,
} from './published-weights';
import { anchorSizeFaults, overlapFaults } from './setting-faults';

/** What tells one RetinaNet from another, beside its settings. */
export interface RetinaNetConfiguration extends DensePyramidConfiguration {
  /** As retinanet_resnet50_fpn_v2: P6 from the body's last map, group norm in the heads. */
  readonly improved: boolean;
}

/** What a RetinaNet is built from. */
export type RetinaNetOptions = FamilyOptions<RetinaNetConfiguration, RetinaNetSettings>;
/** The definition of a RetinaNet. */
export type RetinaNetDefinition = FamilyDefinition<RetinaNetConfiguration, RetinaNetSettings, RetinaNet>;

const family: Family<RetinaNetConfiguration, RetinaNetSettings, RetinaNet> = {
  schema: retinaNetSchema,
  faults: ({ anchors, dense, losses }, { strides }, numClasses) => [
    ...anchorSizeFaults(anchors.sizes, strides),
    ...overlapFaults('dense', dense),
    ...classWeightFaults(losses.classWeights, numClasses),
  ],
  anchorGenerator: ({ anchors }) => sharedRatios(anchors),
  assemble,
};

function assemble({
  configuration,
  settings: { anchors, dense, losses },
  traits,
  headGradients,
  random,
  ...complete
}: Assembly<RetinaNetConfiguration, RetinaNetSettings>): RetinaNet {
  const { fpnChannels, improved, towerDepth } = configuration;
  const backbone = densePyramid(configuration, complete, improved ? 'C5' : 'P5', random);
  const generator = sharedRatios(anchors);
  const numAnchors = generator.numAnchorsPerLocation()[0];
  const boxCoder = new BoxCoder(retinaNetDefaults.bboxWeights);
  const tower = (): DenseTower =>
    new DenseTower({
      channels: fpnChannels,
      depth: towerDepth,
      names: (i) => ({ convolution: `${i}.0`, normalization: `${i}.1` }),
      biased: false,
      normalization: improved ? (channels) => new GroupNorm(channels) : undefined,
      random,
    });
  const numLabels = traits.categories.length + 1;
  const head = new RetinaNetHead(
    new ClassificationHead(tower(), fpnChannels, numAnchors, numLabels, random, losses, headGradients),
    new RetinaNetRegressionHead(tower(), fpnChannels, numAnchors, random, boxCoder, losses, headGradients),
  );
  const matcher = new Matcher(dense.fgIouThreshold, dense.bgIouThreshold, true);
  return new RetinaNet(traits, backbone, generator, head, matcher, boxCoder, dense);
}

const { transform, anchors, dense, losses } = retinaNetDefaults;
const torchvisionSettings: RetinaNetSettings = { anchors, dense, losses };
const torchvision = { ...torchvisionPyramid, improved: false };
const torchvisionTraits = {
  ...resnetTraits,
  input: torchvisionInput(transform),
  stateDict: denseStateDict,
};

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): RetinaNetDefinition {
  const traits = { ...torchvisionTraits, name: `retinanet_resnet${depth}_fpn`, published };
  return familyModel(family, traits, { ...torchvision, body: resnet(depth) }, torchvisionSettings);
}

/** For boxes from 15 pixels on. */
const smallSettings = withSettings(torchvisionSettings, {
  anchors: { sizes: [16, 32, 64, 128, 256].map(octaveOf) },
});

/** All models of this family, with their types: bases for `defineModel`. */
export const retinaNetModels: readonly RetinaNetDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: retinaNetWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  familyModel(
    family,
    {
      ...torchvisionTraits,
      name: 'retinanet_resnet50_fpn_v2',
      pretrainedNorm: 'batch',
      published: { COCO_V1: retinaNetWeights.resnet50FpnV2, ...resnet50Weights },
    },
    { ...torchvision, body: resnet(50), improved: true },
    withSettings(torchvisionSettings, { losses: { box: 'giou' } }),
  ),
  familyModel(
    family,
    {
      ...mobilenetTraits,
      name: 'retinanet_efficientnet_lite0_fpn',
      input: efficientnetLite0Input,
      stateDict: denseStateDict,
    },
    { ...transferPyramid, improved: true },
    smallSettings,
  ),
  familyModel(
    family,
    { ...torchvisionTraits, name: 'retinanet_tiny_fpn', input: torchvisionInput(SMALL_SIDES) },
    { ...tinyPyramid, improved: true },
    smallSettings,
  ),
];
