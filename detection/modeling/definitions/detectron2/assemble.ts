import { RandomStream } from '../../../nn/random';
import type { Backbone } from '../../backbone/backbone';
import { BackboneWithFpn } from '../../backbone/feature-pyramid';
import { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import type { PublishedWeights, StateDictLayout } from '../../detector';
import type { FasterRcnnSettings } from '../../faster-rcnn-defaults';
import { TwoMlpHead } from '../../roi/box-head';
import type { BoxStage } from '../../roi/box-stage';
import { RoiHeads } from '../../roi/roi-heads';
import { sharedRatios, type AnchorGenerator } from '../../rpn/anchor-generator';
import { RegionProposalNetwork } from '../../rpn/region-proposal-network';
import { RpnHead } from '../../rpn/rpn-head';
import type { RpnLossOptions, RpnLossStyle } from '../../rpn/rpn-losses';
import type { SettingFault, SettingsSchema, SettingValues } from '../../settings';
import {
  familyModel,
  type Assembly,
  type Family,
  type FamilyConfiguration,
  type FamilyDefinition,
} from '../family';
import { normalization } from '../normalization';
import {
  schemaWith,
  stateDictWith,
  valuesWith,
  type RoiHeadDefinition,
  type RoiHeadTraits,
  type SettingsOf,
} from '../roi-head-definition';
import type { BaseTraits, Detectron2Configuration } from './bases';

/** Height and width of a region that a box head sees. */
export const POOLED_SIZE = 7;

/** Settings that all of these models have. */
export type CommonSettings = SettingValues &
  Pick<FasterRcnnSettings, 'anchors' | 'rpn'> & {
    readonly losses: RpnLossOptions;
  };

/** What is put together to a model of a family. */
interface Layout<Configuration, Settings, Stage> {
  /** Of the RPN. */
  readonly rpnLossNames: RpnLossStyle['names'];
  /** Makes what the RPN and the regions' heads look at. */
  readonly backbone: (assembly: Assembly<Configuration, Settings>) => Backbone;
  /** Makes what finds boxes. */
  readonly stage: (assembly: Assembly<Configuration, Settings>) => Stage;
  /** What adds to the boxes. */
  readonly heads: readonly RoiHeadDefinition[];
  /** What detectron2 calls an entry; as in its models with a feature pyramid if left out. */
  readonly entryName?: (name: string) => string;
}

/** A model of a family, beside what it is put together from. */
interface RcnnModel<Configuration, Settings extends SettingValues, Heads extends readonly RoiHeadTraits[]> {
  readonly name: string;
  readonly base: { readonly traits: BaseTraits; readonly configuration: Configuration };
  readonly published?: Readonly<Record<string, PublishedWeights>>;
  /** Without those of heads. */
  readonly schema: SettingsSchema;
  readonly values: Settings;
  readonly faults: (
    settings: Settings,
    configuration: Configuration,
    numClasses: number | undefined,
  ) => SettingFault[];
  /** Without the entries of heads. */
  readonly stateDict: StateDictLayout;
  /** Heads of any kind: their settings and entries join the model's. */
  readonly heads: Heads;
}

/** Defines a model: a Faster R-CNN with another stage in it, or with further heads. */
export function rcnnModel<
  Configuration extends FamilyConfiguration,
  Settings extends CommonSettings,
  Stage extends BoxStage,
  const Heads extends readonly RoiHeadTraits[],
>(
  {
    name,
    base,
    published = {},
    schema,
    values,
    faults,
    stateDict,
    heads,
  }: RcnnModel<Configuration, Settings, Heads>,
  layout: Layout<Configuration, Settings & SettingsOf<Heads>, Stage>,
): FamilyDefinition<Configuration, Settings & SettingsOf<Heads>, Detectron2Rcnn<Stage>> {
  const { traits, configuration } = base;
  const itself = {
    ...traits,
    name,
    published,
    needs: heads.map((head) => head.needs),
    stateDict: stateDictWith(stateDict, heads),
  };
  type All = Settings & SettingsOf<Heads>;
  const family: Family<Configuration, All, Detectron2Rcnn<Stage>> = {
    schema: schemaWith(schema, heads),
    faults,
    anchorGenerator: (given) => detectron2Anchors(given, configuration),
    assemble: (assembly) => assembleRcnn(assembly, layout),
  };
  return familyModel(family, itself, configuration, valuesWith(values, heads));
}

function detectron2Anchors(
  { anchors }: Pick<CommonSettings, 'anchors'>,
  { strides }: FamilyConfiguration,
): AnchorGenerator {
  return sharedRatios(anchors, { strides });
}

function assembleRcnn<
  Configuration extends FamilyConfiguration,
  Settings extends CommonSettings,
  Stage extends BoxStage,
>(
  assembly: Assembly<Configuration, Settings>,
  {
    rpnLossNames,
    backbone: makeBackbone,
    stage: makeStage,
    heads,
    entryName,
  }: Layout<Configuration, Settings, Stage>,
): Detectron2Rcnn<Stage> {
  const { configuration, settings, traits, headGradients, seed, random } = assembly;
  const backbone = makeBackbone(assembly);
  const channels = backbone.outChannels;
  const anchors = detectron2Anchors(settings, configuration);
  const rpn = new RegionProposalNetwork(
    anchors,
    new RpnHead(channels, anchors.numAnchorsPerLocation()[0], random),
    new RandomStream(seed, 'rpn-sampler'),
    settings.rpn,
    headGradients,
    settings.losses,
    { names: rpnLossNames, divisor: 'batch size' },
  );
  const stage = makeStage(assembly);
  const headOptions = { channels, normalization: undefined, traits, headGradients, random };
  const further = heads.map((head) => head.build(headOptions, settings));
  return new Detectron2Rcnn(traits, backbone, rpn, new RoiHeads(stage, further), entryName);
}

/** A body with a feature pyramid on it. */
export function pyramid({
  configuration: { body, epsilon, fpnChannels },
  norm,
  trainableLayers,
  random,
}: Assembly<Detectron2Configuration, unknown>): BackboneWithFpn {
  const itsBody = body({ normalization: normalization(norm, epsilon), trainableLayers, random });
  return new BackboneWithFpn(itsBody, { outChannels: fpnChannels, random });
}

/** detectron2's FastRCNNConvFCHead with two linear layers. */
export function twoLayerHead(
  { fpnChannels, headFeatures }: Detectron2Configuration,
  random: RandomStream,
): TwoMlpHead {
  return new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random, ['fc1', 'fc2']);
}
