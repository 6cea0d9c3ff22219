import type * as tf from '@tensorflow/tfjs-core';
import { normal, type InitialWeight } from '../../nn/initializers';
import type { InputSpec } from '../../structures/input-spec';
import type { Body } from '../backbone/body';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import type { LayerStyle } from '../backbone/inverted-residual';
import { splitName, SplitMobileNetV3, type Tail } from '../backbone/mobilenet-v3';
import { SsdLiteBackbone } from '../backbone/ssdlite-backbone';
import { DefaultBoxGenerator } from '../dense/default-box-generator';
import { SsdLiteHead } from '../dense/ssdlite-head';
import type { PublishedWeights, StateDictLayout } from '../detector';
import { withSettings } from '../settings';
import { classWeightFaults } from '../loss-settings';
import { Ssd } from '../ssd';
import { ssdLiteDefaults, ssdSchema, type SsdSettings } from '../ssd-defaults';
import {
  EFFICIENTNET_EPSILON,
  efficientnetLite0Input,
  mobilenetTraits,
  resnet,
  resnetTraits,
  TINY_WIDTH,
} from './bodies';
import { classesByEntries, rowsOfEachAnchor } from './class-rows';
import {
  familyModel,
  type Assembly,
  type Family,
  type FamilyConfiguration,
  type FamilyDefinition,
  type FamilyOptions,
} from './family';
import { normalization } from './normalization';
import { mobilenetV3Weights, ssdLiteWeights } from './published-weights';

/** What tells one SSDlite from another, beside its settings. */
export interface SsdLiteConfiguration extends FamilyConfiguration {
  /** Makes the body. */
  readonly body: (style: LayerStyle, trainableLayers: number) => Body;
  /** Channels of the maps that are made of the body's last one. */
  readonly extraChannels: readonly number[];
  /** Of batch norm; the momentum is torch's own where left out. */
  readonly epsilon: number;
  /** Momentum of batch norm; torch's default if left out. */
  readonly momentum?: number;
  /** Of new filters; each layer's own way if left out. */
  readonly initialWeight?: InitialWeight;
}

/** What an SSDlite is built from. */
export type SsdLiteOptions = FamilyOptions<SsdLiteConfiguration, SsdSettings>;
/** The definition of an SSDlite. */
export type SsdLiteDefinition = FamilyDefinition<SsdLiteConfiguration, SsdSettings, Ssd>;

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

/** Only what classifies depends on the classes. */
const stateDict: StateDictLayout = {
  numClasses: (entries) => classesByEntries(entries, FIRST_LOGITS, FIRST_BOXES),
  rowsOfClass: (entry, label, size) => (PREDICTOR.test(entry) ? rowsOfEachAnchor(label, size) : []),
  isPredictor: (entry) => PREDICTOR.test(entry),
  isBackbone: (entry) => entry.startsWith(BACKBONE),
};

/** Entries of torchvision's SSDlite. */
function stateDictOf(tail: Tail): StateDictLayout {
  const otherTail = tail === 'full' ? 'reduced' : 'full';
  return {
    ...stateDict,
    ofClassifier: (entry) => BACKBONE + splitName(entry),
    otherModel: (entries) =>
      LAST_CONVOLUTION.some((entry) => entries.get(entry)?.shape[0] === LAST_CHANNELS[otherTail])
        ? NAMES[otherTail]
        : undefined,
  };
}

const family: Family<SsdLiteConfiguration, SsdSettings, Ssd> = {
  schema: ssdSchema,
  faults: ({ anchors: { scales }, losses }, { strides }, numClasses) => {
    const ofWeights = classWeightFaults(losses.classWeights, numClasses);
    const wanted = strides.length + 1;
    if (scales.length === wanted) return ofWeights;
    const reason = `are ${scales.length}, but must be ${wanted}: of ${strides.length} maps, and one behind the last`;
    return [{ setting: 'anchors.scales', reason }, ...ofWeights];
  },
  anchorGenerator: defaultBoxGenerator,
  assemble,
};

function defaultBoxGenerator({ anchors: { scales, aspectRatios } }: SsdSettings): DefaultBoxGenerator {
  return new DefaultBoxGenerator(scales, aspectRatios);
}

function assemble({
  configuration: { body, strides, extraChannels, epsilon, momentum, initialWeight },
  settings,
  traits,
  headGradients,
  random,
  norm,
  trainableLayers,
}: Assembly<SsdLiteConfiguration, SsdSettings>): Ssd {
  const style: LayerStyle = {
    padding: 'symmetric',
    normalization: normalization(norm, epsilon, momentum),
    random,
    initialWeight,
  };
  // An image classifier has statistics for the body alone: there is nothing to freeze in what follows it.
  const afterBody = {
    ...style,
    normalization: normalization(norm === 'frozen' ? 'batch' : norm, epsilon, momentum),
  };
  const numMaps = strides.length - extraChannels.length;
  const backbone = new SsdLiteBackbone(body(style, trainableLayers), {
    numMaps,
    extraChannels,
    style: afterBody,
  });
  const anchors = defaultBoxGenerator(settings);
  const numLabels = traits.categories.length + 1;
  const head = new SsdLiteHead(backbone.outChannels, anchors.numAnchorsPerLocation(), numLabels, afterBody);
  return new Ssd(traits, backbone, anchors, head, settings.dense, settings.losses, headGradients);
}

const torchvisionSettings: SsdSettings = {
  anchors: ssdLiteDefaults.anchors,
  dense: ssdLiteDefaults.dense,
  losses: ssdLiteDefaults.losses,
};

/**
 * torchvision's: with half of the channels at the end of the body, as its published weights have been trained; and as it is built
 * to begin with an image classifier's.
 */
function onMobileNetV3(tail: Tail, published: Readonly<Record<string, PublishedWeights>>): SsdLiteDefinition {
  return familyModel(
    family,
    {
      ...mobilenetTraits,
      name: NAMES[tail],
      // torchvision trains all of it, whatever it begins with.
      trainedStages: mobilenetTraits.stages,
      pretrainedNorm: 'batch',
      // The last map is of one pixel.
      smallestBatch: 2,
      input,
      published,
      stateDict: stateDictOf(tail),
    },
    {
      body: (style, trainableLayers) => new SplitMobileNetV3(tail, trainableLayers, style),
      extraChannels: [512, 256, 256, 128],
      strides: [16, 32, 64, 128, 256, 512],
      ...ssdLiteDefaults.batchNorm,
      initialWeight: (shape, random) =>
        normal(shape, ssdLiteDefaults.initialStandardDeviation, random) as tf.Tensor4D,
    },
    torchvisionSettings,
  );
}

/** For small images and for machines without an accelerator: finer maps than torchvision's, and smaller objects. */
const small = { extraChannels: [128, 64], strides: [8, 16, 32, 64, 128] };
const smallSettings = withSettings(torchvisionSettings, {
  anchors: { scales: [0.06, 0.12, 0.24, 0.42, 0.66, 0.9] },
});

/** All models of this family, with their types: bases for `defineModel`. */
export const ssdLiteModels: readonly SsdLiteDefinition[] = [
  onMobileNetV3('reduced', { COCO_V1: ssdLiteWeights.mobilenetV3At320 }),
  onMobileNetV3('full', mobilenetV3Weights),
  familyModel(
    family,
    {
      ...mobilenetTraits,
      name: 'ssdlite320_efficientnet_lite0',
      input: { ...input, mean: efficientnetLite0Input.mean, std: efficientnetLite0Input.std },
      stateDict,
    },
    {
      ...small,
      body: ({ normalization, random }, trainableLayers) =>
        new EfficientNetLite0({ normalization, random, trainableLayers }),
      epsilon: EFFICIENTNET_EPSILON,
    },
    smallSettings,
  ),
  familyModel(
    family,
    { ...resnetTraits, name: 'ssdlite320_tiny', input, stateDict },
    {
      ...small,
      body: ({ normalization, random }, trainableLayers) =>
        resnet(18, { width: TINY_WIDTH })({ normalization, random, trainableLayers }),
      epsilon: 1e-5,
    },
    smallSettings,
  ),
];
