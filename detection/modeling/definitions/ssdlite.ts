import type * as tf from '@tensorflow/tfjs-core';
import { normal, type InitialWeight } from '../../nn/initialisers';
import { RandomStream } from '../../nn/random';
import type { InputSpec } from '../../structures/input-spec';
import type { LayerStyle } from '../backbone/inverted-residual';
import { splitName, SplitMobileNetV3, type Tail } from '../backbone/mobilenet-v3';
import { SsdLiteBackbone } from '../backbone/ssdlite-backbone';
import { DefaultBoxGenerator } from '../dense/default-box-generator';
import { SsdLiteHead } from '../dense/ssdlite-head';
import type { DetectorOptions, ModelDefinition, PublishedWeights, StateDictLayout } from '../detector';
import { featureSizes } from '../rpn/anchor-generator';
import { withSettings, type ModelSettings, type SettingFault, type SomeOf } from '../settings';
import { Ssd } from '../ssd';
import { ssdLiteDefaults, ssdSchema, type SsdSettings } from '../ssd-defaults';
import { mobilenetTraits } from './bodies';
import { rowsOfEachAnchor } from './class-rows';
import { completeOptions } from './complete-options';
import { normalisation } from './normalisation';
import { mobilenetV3Weights, ssdLiteWeights } from './published-weights';

export interface SsdLiteOptions extends DetectorOptions {
  readonly settings?: SomeOf<SsdSettings>;
}

export interface SsdLiteDefinition extends ModelDefinition<SsdLiteOptions, Ssd> {
  readonly settings: ModelSettings<SsdSettings>;
}

/** Of its six maps, pixels of the resized image. */
const STRIDES = [16, 32, 64, 128, 256, 512];

/** What torchvision calls the model is built with either tail, as its start weights want; here each has a name. */
const NAMES: Readonly<Record<Tail, string>> = {
  reduced: 'ssdlite320_mobilenet_v3_large',
  full: 'ssdlite320_mobilenet_v3_large_full_tail',
};

const { mean, std, height, width } = ssdLiteDefaults.transform;
const input: InputSpec = {
  resize: { kind: 'fixed', height, width },
  mean: [mean, mean, mean],
  std: [std, std, std],
  channels: 'rgb',
  sizeDivisor: 1,
};

const PREDICTOR = /^head\.classification_head\.module_list\.\d+\.1\./;
const FIRST_LOGITS = 'head.classification_head.module_list.0.1.weight';
const FIRST_BOXES = 'head.regression_head.module_list.0.1.weight';
const BACKBONE = 'backbone.features.';
/** The last convolution of the body, [channels, in, 1, 1], in a detector and in an image classifier. */
const LAST_CONVOLUTION = [`${BACKBONE}1.3.0.weight`, 'features.16.0.weight'];
const LAST_CHANNELS: Readonly<Record<Tail, number>> = { reduced: 480, full: 960 };

/** Entries of torchvision's SSDlite. Only what classifies depends on the classes. */
function stateDictOf(tail: Tail): StateDictLayout {
  const otherTail = tail === 'full' ? 'reduced' : 'full';
  return {
    numClasses: (entries) => {
      const [logits, boxes] = [FIRST_LOGITS, FIRST_BOXES].map((entry) => entries.get(entry)?.shape[0]);
      if (logits !== undefined && boxes !== undefined) return (4 * logits) / boxes - 1;
      throw new RangeError(`it has no ${logits === undefined ? FIRST_LOGITS : FIRST_BOXES}`);
    },
    rowsOfClass: (entry, label, size) => (PREDICTOR.test(entry) ? rowsOfEachAnchor(label, size) : []),
    isPredictor: (entry) => PREDICTOR.test(entry),
    isBackbone: (entry) => entry.startsWith(BACKBONE),
    ofClassifier: (entry) => BACKBONE + splitName(entry),
    otherModel: (entries) =>
      LAST_CONVOLUTION.some((entry) => entries.get(entry)?.shape[0] === LAST_CHANNELS[otherTail])
        ? NAMES[otherTail]
        : undefined,
  };
}

function ssdLite(tail: Tail, published: Readonly<Record<string, PublishedWeights>>): SsdLiteDefinition {
  const values: SsdSettings = { anchors: ssdLiteDefaults.anchors, dense: ssdLiteDefaults.dense };
  const definition: SsdLiteDefinition = {
    ...mobilenetTraits,
    name: NAMES[tail],
    // torchvision trains all of it, whatever it begins with.
    trainedStages: mobilenetTraits.stages,
    pretrainedNorm: 'batch',
    // The last map is of one pixel.
    smallestBatch: 2,
    input,
    needs: [],
    published,
    stateDict: stateDictOf(tail),
    settings: { schema: ssdSchema, values, faults },
    anchors: (padded, settings: SomeOf<SsdSettings> = {}) =>
      defaultBoxGenerator(withSettings(values, settings)).anchors(padded, featureSizes(padded, STRIDES)),
    build: (options) =>
      assemble(tail, withSettings(values, options.settings ?? {}), options, options.definition ?? definition),
  };
  return definition;
}

function defaultBoxGenerator({ anchors: { scales, aspectRatios } }: SsdSettings): DefaultBoxGenerator {
  return new DefaultBoxGenerator(scales, aspectRatios);
}

function faults({ anchors: { scales } }: SsdSettings): SettingFault[] {
  const wanted = STRIDES.length + 1;
  if (scales.length === wanted) return [];
  const reason = `are ${scales.length}, but must be ${wanted}: of ${STRIDES.length} maps, and one behind the last`;
  return [{ setting: 'anchors.scales', reason }];
}

const initialWeight: InitialWeight = (shape, random) =>
  normal(shape, ssdLiteDefaults.initialStandardDeviation, random) as tf.Tensor4D;

function assemble(
  tail: Tail,
  settings: SsdSettings,
  options: SsdLiteOptions,
  definition: ModelDefinition,
): Ssd {
  const [fault] = faults(settings);
  if (fault) throw new RangeError(`${fault.setting} ${fault.reason}`);
  const { categories, seed, norm, trainableLayers } = completeOptions(options, definition);
  const { batchNorm } = ssdLiteDefaults;
  const { headGradients, input = definition.input, epsilon = batchNorm.epsilon } = options;
  const style: LayerStyle = {
    padding: 'symmetric',
    normalisation: normalisation(norm, epsilon, batchNorm.momentum),
    random: new RandomStream(seed, 'init'),
    initialWeight,
  };
  const backbone = new SsdLiteBackbone(new SplitMobileNetV3(tail, trainableLayers, style), style);
  const anchors = defaultBoxGenerator(settings);
  const numLabels = categories.length + 1;
  const head = new SsdLiteHead(backbone.outChannels, anchors.numAnchorsPerLocation(), numLabels, style);
  return new Ssd({ definition, input, categories }, backbone, anchors, head, settings.dense, headGradients);
}

/**
 * With half of the channels at the end of the body, as its published weights have been trained; and as torchvision builds it
 * to begin with an image classifier's.
 */
export const ssdLiteModels: readonly SsdLiteDefinition[] = [
  ssdLite('reduced', { COCO_V1: ssdLiteWeights.mobilenetV3At320 }),
  ssdLite('full', mobilenetV3Weights),
];
