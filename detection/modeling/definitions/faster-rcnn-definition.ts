import { RandomStream } from '../../nn/random';
import type { InputSpec } from '../../structures/input-spec';
import { BackboneWithFpn } from '../backbone/feature-pyramid';
import type {
  DetectorOptions,
  ModelDefinition,
  NormName,
  PublishedWeights,
  StateDictLayout,
} from '../detector';
import { FasterRcnn } from '../faster-rcnn';
import { fasterRcnnDefaults, fasterRcnnSchema, type FasterRcnnSettings } from '../faster-rcnn-defaults';
import { classWeightFaults } from '../loss-settings';
import { FastRcnnConvFcHead, FastRcnnPredictor, TwoMlpHead } from '../roi/box-head';
import { FastRcnnStage } from '../roi/fast-rcnn';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import { RoiHeads } from '../roi/roi-heads';
import { AnchorGenerator, featureSizes } from '../rpn/anchor-generator';
import { RegionProposalNetwork } from '../rpn/region-proposal-network';
import { RpnHead } from '../rpn/rpn-head';
import { withSettings, type ModelSettings, type SettingFault, type SomeOf } from '../settings';
import type { MakeBody } from './bodies';
import { completeOptions, withoutUndefined } from './complete-options';
import { normalisation } from './normalisation';
import { anchorSizeFaults, overlapFaults } from './setting-faults';

/** What tells one Faster R-CNN from another, beside its settings. */
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
  /** Of the levels of the pyramid, pixels of the resized image. */
  readonly strides: readonly number[];
}

export interface FasterRcnnOptions extends DetectorOptions, Partial<FasterRcnnConfiguration> {
  readonly epsilon?: number;
  readonly settings?: SomeOf<FasterRcnnSettings>;
}

export interface FasterRcnnDefinition extends ModelDefinition<FasterRcnnOptions, FasterRcnn> {
  readonly settings: ModelSettings<FasterRcnnSettings>;
  /** What its options change beside these. */
  readonly configuration: FasterRcnnConfiguration;
}

/** What a model of this family says of itself, beside what it is made of. */
export interface Traits {
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
    if (entry.startsWith('roi_heads.box_predictor.cls_score.')) return [{ start: label, end: label + 1 }];
    if (entry.startsWith('roi_heads.box_predictor.bbox_pred.'))
      return [{ start: 4 * label, end: 4 * (label + 1) }];
    return [];
  },
  isPredictor: (entry) => entry.startsWith('roi_heads.box_predictor.'),
  isBackbone: (entry) => entry.startsWith('backbone.body.'),
};

/** A model of this family. @param values of its settings */
export function fasterRcnn(
  name: string,
  traits: Traits,
  configuration: FasterRcnnConfiguration,
  values: FasterRcnnSettings,
  published: Readonly<Record<string, PublishedWeights>> = {},
): FasterRcnnDefinition {
  const definition: FasterRcnnDefinition = {
    name,
    ...traits,
    needs: [],
    published,
    stateDict,
    settings: {
      schema: fasterRcnnSchema,
      values,
      faults: (given, numClasses) => faults(given, configuration, numClasses),
    },
    configuration,
    anchors: (padded, settings: SomeOf<FasterRcnnSettings> = {}) =>
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

function anchorGenerator({ anchors: { sizes, aspectRatios } }: FasterRcnnSettings): AnchorGenerator {
  return new AnchorGenerator(
    sizes,
    sizes.map(() => aspectRatios),
  );
}

function faults(
  { anchors, rpn, roi, losses }: FasterRcnnSettings,
  { strides }: FasterRcnnConfiguration,
  numClasses: number | undefined,
): SettingFault[] {
  return [
    ...anchorSizeFaults(anchors.sizes, strides),
    ...overlapFaults('rpn', rpn),
    ...overlapFaults('roi', roi),
    ...classWeightFaults(losses.classWeights, numClasses),
  ];
}

function assemble(
  configuration: FasterRcnnConfiguration,
  settings: FasterRcnnSettings,
  options: FasterRcnnOptions,
  definition: ModelDefinition,
): FasterRcnn {
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const [fault] = faults(settings, configuration, categories.length);
  if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
  const { body, epsilon, fpnChannels, improved, headFeatures } = configuration;
  const { headGradients, input = definition.input } = options;
  const random = new RandomStream(seed, 'init');
  const norms = normalisation(norm, epsilon);
  const backbone = new BackboneWithFpn(body({ normalisation: norms, trainableLayers, random }), {
    outChannels: fpnChannels,
    random,
    normalisation: improved ? norms : undefined,
  });
  const anchors = anchorGenerator(settings);
  const numAnchors = anchors.numAnchorsPerLocation()[0];
  const rpn = new RegionProposalNetwork(
    anchors,
    new RpnHead(fpnChannels, numAnchors, random, improved ? IMPROVED.rpnDepth : 1),
    new RandomStream(seed, 'rpn-sampler'),
    settings.rpn,
    headGradients,
    settings.losses,
  );
  const boxHead = improved
    ? new FastRcnnConvFcHead(fpnChannels, POOLED_SIZE, IMPROVED.boxHeadChannels, headFeatures, norms, random)
    : new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random);
  const boxStage = new FastRcnnStage(
    new MultiScaleRoiAlign(POOLED_SIZE, fasterRcnnDefaults.levelMapper),
    boxHead,
    new FastRcnnPredictor(headFeatures, categories.length, random),
    new RandomStream(seed, 'roi-sampler'),
    settings.roi,
    headGradients,
    settings.losses,
  );
  return new FasterRcnn({ definition, input, categories }, backbone, rpn, new RoiHeads(boxStage));
}
