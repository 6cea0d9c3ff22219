import { GroupNorm } from '../../nn/normalisation';
import { RandomStream } from '../../nn/random';
import { torchvisionInput } from '../../structures/input-spec';
import { BackboneWithFpn, LastLevelP6P7 } from '../backbone/feature-pyramid';
import type { ResNetDepth } from '../backbone/resnet';
import { ClassificationHead } from '../dense/classification-head';
import { DenseTower } from '../dense/dense-tower';
import { RetinaNetRegressionHead, type BoxLoss } from '../dense/retinanet-regression-head';
import type { DetectorOptions, ModelDefinition, NormName, PublishedWeights } from '../detector';
import { BoxCoder } from '../matching/box-coder';
import { Matcher } from '../matching/matcher';
import { RetinaNet, RetinaNetHead } from '../retinanet';
import {
  FOCAL_LOSS,
  retinaNetDefaults,
  retinaNetSchema,
  type RetinaNetSettings,
} from '../retinanet-defaults';
import { AnchorGenerator, featureSizes } from '../rpn/anchor-generator';
import { withSettings, type ModelSettings, type SettingFault, type SomeOf } from '../settings';
import { resnet, resnetTraits, type MakeBody } from './bodies';
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
  readonly boxLoss: BoxLoss;
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
    settings: { schema: retinaNetSchema, values, faults: (given) => faults(given, configuration) },
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

function faults({ anchors, dense }: RetinaNetSettings, { strides }: RetinaNetConfiguration): SettingFault[] {
  return [...anchorSizeFaults(anchors.sizes, strides), ...overlapFaults('dense', dense)];
}

function assemble(
  configuration: RetinaNetConfiguration,
  settings: RetinaNetSettings,
  options: RetinaNetOptions,
  definition: ModelDefinition,
): RetinaNet {
  const [fault] = faults(settings, configuration);
  if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
  const { body: makeBody, epsilon, numMaps, fpnChannels, improved, boxLoss, towerDepth } = configuration;
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const { headGradients, input = definition.input } = options;
  const { dense } = settings;
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
      FOCAL_LOSS,
      headGradients,
    ),
    new RetinaNetRegressionHead(tower(), fpnChannels, numAnchors, random, boxCoder, boxLoss, headGradients),
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
  boxLoss: 'l1',
  towerDepth: 4,
  strides: [8, 16, 32, 64, 128],
};
const torchvisionSettings: RetinaNetSettings = {
  anchors: retinaNetDefaults.anchors,
  dense: retinaNetDefaults.dense,
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

export const retinaNetModels: readonly RetinaNetDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: retinaNetWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  retinaNet(
    'retinanet_resnet50_fpn_v2',
    { ...torchvisionTraits, pretrainedNorm: 'batch' },
    { ...torchvision, body: resnet(50), improved: true, boxLoss: 'giou' },
    torchvisionSettings,
    { COCO_V1: retinaNetWeights.resnet50FpnV2, ...resnet50Weights },
  ),
];
