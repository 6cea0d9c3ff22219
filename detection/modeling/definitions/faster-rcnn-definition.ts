import type { NormalizationFactory } from '../../nn/normalization';
import { RandomStream } from '../../nn/random';
import { BackboneWithFpn } from '../backbone/feature-pyramid';
import type { StateDictLayout } from '../detector';
import { FasterRcnn } from '../faster-rcnn';
import { fasterRcnnDefaults, fasterRcnnSchema, type FasterRcnnSettings } from '../faster-rcnn-defaults';
import { FastRcnnConvFcHead, FastRcnnPredictor, TwoMlpHead } from '../roi/box-head';
import { FastRcnnStage, type BoxHead } from '../roi/fast-rcnn';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import { RoiHeads } from '../roi/roi-heads';
import { sharedRatios } from '../rpn/anchor-generator';
import { RegionProposalNetwork } from '../rpn/region-proposal-network';
import { RpnHead } from '../rpn/rpn-head';
import type { MakeBody } from './bodies';
import {
  familyModel,
  type Assembly,
  type Family,
  type FamilyConfiguration,
  type FamilyDefinition,
  type FamilyOptions,
  type Traits,
} from './family';
import { normalization } from './normalization';
import {
  schemaWith,
  stateDictWith,
  valuesWith,
  type RoiHeadDefinition,
  type SettingsOf,
} from './roi-head-definition';
import { fasterRcnnFaults } from './setting-faults';

/** What tells one Faster R-CNN from another, beside its settings. */
export interface FasterRcnnConfiguration extends FamilyConfiguration {
  /** Makes the body below the pyramid. */
  readonly body: MakeBody;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the RPN. */
  readonly fpnChannels: number;
  /** As fasterrcnn_resnet50_fpn_v2: two convolutions in the RPN, four in the box head, norms there and in the pyramid. */
  readonly improved: boolean;
  /** Features of the box head. */
  readonly headFeatures: number;
  /** Makes the box head: torchvision's, of `headFeatures` features, if left out. */
  readonly boxHead?: MakeBoxHead;
}

/** What a box head is made of. */
export interface BoxHeadOptions {
  /** Of the feature pyramid. */
  readonly channels: number;
  /** Height and width of a pooled region. */
  readonly resolution: number;
  /** Makes the norms that the model has. */
  readonly normalization: NormalizationFactory;
  /** Of the initial weights. */
  readonly random: RandomStream;
}

/** Makes a box head. */
export type MakeBoxHead = (options: BoxHeadOptions) => BoxHead;

/** What a Faster R-CNN is built from. @typeParam HeadSettings what further heads add to its settings */
export type FasterRcnnOptions<HeadSettings = unknown> = FamilyOptions<
  FasterRcnnConfiguration,
  FasterRcnnSettings & HeadSettings
>;
/** The definition of a Faster R-CNN, perhaps with further heads: of a Mask R-CNN, of a Keypoint R-CNN. */
export type FasterRcnnDefinition<HeadSettings = unknown> = FamilyDefinition<
  FasterRcnnConfiguration,
  FasterRcnnSettings & HeadSettings,
  FasterRcnn
>;

/** What models have in common that differ in their heads alone. */
export interface FasterRcnnBase {
  readonly traits: Omit<Traits, 'name' | 'published' | 'trainMinSizes' | 'needs' | 'stateDict'>;
  readonly configuration: FasterRcnnConfiguration;
  /** The values of its settings. */
  readonly settings: FasterRcnnSettings;
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
    if (entry.startsWith('roi_heads.box_predictor.cls_score.')) return [{ start: label, end: label + 1 }];
    if (entry.startsWith('roi_heads.box_predictor.bbox_pred.'))
      return [{ start: 4 * label, end: 4 * (label + 1) }];
    return [];
  },
  isPredictor: (entry) => entry.startsWith('roi_heads.box_predictor.'),
  isBackbone: (entry) => entry.startsWith('backbone.body.'),
};

type SettingsWith<Heads extends readonly RoiHeadDefinition[]> = FasterRcnnSettings & SettingsOf<Heads>;

/** A model of this family. @param heads what it adds to the boxes that it finds, in the order in which it does */
export function fasterRcnn<const Heads extends readonly RoiHeadDefinition[] = []>(
  ownTraits: Pick<Traits, 'name' | 'published' | 'trainMinSizes'>,
  { traits, configuration, settings }: FasterRcnnBase,
  heads?: Heads,
): FasterRcnnDefinition<SettingsOf<Heads>> {
  const list = heads ?? [];
  const family: Family<FasterRcnnConfiguration, SettingsWith<Heads>, FasterRcnn> = {
    schema: schemaWith(fasterRcnnSchema, list),
    faults: fasterRcnnFaults,
    anchorGenerator: ({ anchors }) => sharedRatios(anchors),
    assemble: (assembly) => assemble(assembly, list),
  };
  const needs = list.map((head) => head.needs);
  const itself = { ...traits, ...ownTraits, needs, stateDict: stateDictWith(stateDict, list) };
  return familyModel(family, itself, configuration, valuesWith(settings, list) as SettingsWith<Heads>);
}

function assemble(
  {
    configuration,
    settings,
    traits,
    headGradients,
    seed,
    random,
    norm,
    trainableLayers,
  }: Assembly<FasterRcnnConfiguration, FasterRcnnSettings>,
  heads: readonly RoiHeadDefinition[],
): FasterRcnn {
  const { body, epsilon, fpnChannels, improved, headFeatures } = configuration;
  const { boxHead: makeBoxHead = torchvisionBoxHead(improved, headFeatures) } = configuration;
  const norms = normalization(norm, epsilon);
  const backbone = new BackboneWithFpn(body({ normalization: norms, trainableLayers, random }), {
    outChannels: fpnChannels,
    random,
    normalization: improved ? norms : undefined,
  });
  const anchors = sharedRatios(settings.anchors);
  const numAnchors = anchors.numAnchorsPerLocation()[0];
  const rpn = new RegionProposalNetwork(
    anchors,
    new RpnHead(fpnChannels, numAnchors, random, improved ? IMPROVED.rpnDepth : 1),
    new RandomStream(seed, 'rpn-sampler'),
    settings.rpn,
    headGradients,
    settings.losses,
  );
  const boxHead = makeBoxHead({
    channels: fpnChannels,
    resolution: POOLED_SIZE,
    normalization: norms,
    random,
  });
  const boxStage = new FastRcnnStage(
    new MultiScaleRoiAlign(POOLED_SIZE, fasterRcnnDefaults.levelMapper),
    boxHead,
    new FastRcnnPredictor(boxHead.outFeatures, traits.categories.length, random),
    new RandomStream(seed, 'roi-sampler'),
    settings.roi,
    headGradients,
    settings.losses,
  );
  const headOptions = {
    channels: fpnChannels,
    normalization: improved ? norms : undefined,
    traits,
    headGradients,
    random,
  };
  const further = heads.map((head) => head.build(headOptions, settings));
  return new FasterRcnn(traits, backbone, rpn, new RoiHeads(boxStage, further));
}

function torchvisionBoxHead(improved: boolean, features: number): MakeBoxHead {
  return ({ channels, resolution, normalization: norms, random }) =>
    improved
      ? new FastRcnnConvFcHead(channels, resolution, IMPROVED.boxHeadChannels, features, norms, random)
      : new TwoMlpHead(channels, resolution, features, random);
}
