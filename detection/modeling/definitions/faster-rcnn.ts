import { torchvisionInput } from '../../structures/input-spec';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import { MobileNetV2 } from '../backbone/mobilenet-v2';
import { MobileNetV3 } from '../backbone/mobilenet-v3';
import type { ResNetDepth } from '../backbone/resnet';
import type { PublishedWeights } from '../detector';
import { fasterRcnnDefaults, type FasterRcnnSettings } from '../faster-rcnn-defaults';
import { withSettings } from '../settings';
import {
  EFFICIENTNET_EPSILON,
  efficientnetLite0Input,
  mobilenetTraits,
  mobilenetV2Input,
  resnet,
  resnetTraits,
  SMALL_SIDES,
  TINY_ANCHOR_SIZES,
  TINY_WIDTH,
} from './bodies';
import {
  fasterRcnn,
  type FasterRcnnConfiguration,
  type FasterRcnnDefinition,
} from './faster-rcnn-definition';
import {
  fasterRcnnWeights,
  mobilenetV3Weights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';

/** torchvision's fasterrcnn_resnet50_fpn, whatever the body. */
const torchvision: Omit<FasterRcnnConfiguration, 'body'> = {
  epsilon: 1e-5,
  fpnChannels: 256,
  improved: false,
  headFeatures: 1024,
  strides: [4, 8, 16, 32, 64],
};
const torchvisionSettings: FasterRcnnSettings = {
  anchors: fasterRcnnDefaults.anchors,
  rpn: fasterRcnnDefaults.rpn,
  roi: fasterRcnnDefaults.roi,
  losses: fasterRcnnDefaults.losses,
};
const torchvisionTraits = { ...resnetTraits, input: torchvisionInput(fasterRcnnDefaults.transform) };

/** torchvision's fasterrcnn_mobilenet_v3_large_fpn. */
const mobilenetV3: FasterRcnnConfiguration = {
  ...torchvision,
  body: (options) => new MobileNetV3(options),
  strides: [32, 32, 64],
};
/** torchvision: each of the three levels has anchors of all sizes. */
const ALL_ANCHOR_SIZES = fasterRcnnDefaults.anchors.sizes.flat();
const mobilenetV3Settings = withSettings(torchvisionSettings, {
  anchors: { sizes: [ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES] },
  rpn: { scoreThreshold: 0.05 },
});
/** torchvision's fasterrcnn_mobilenet_v3_large_320_fpn. */
const mobilenetV3At320Settings = withSettings(mobilenetV3Settings, {
  rpn: { preNmsTopN: { test: 150 }, postNmsTopN: { test: 150 } },
});

/** For small images and for machines without an accelerator: fewer proposals are enough for a dozen objects. */
const smallSettings = withSettings(torchvisionSettings, {
  rpn: { preNmsTopN: { train: 500, test: 500 }, postNmsTopN: { train: 300, test: 300 } },
  roi: { batchSizePerImage: 256 },
});

/** The demo's, 3.4 million parameters. */
const tiny: FasterRcnnConfiguration = {
  ...torchvision,
  body: resnet(18, TINY_WIDTH),
  fpnChannels: 64,
  headFeatures: 128,
};
const tinySettings = withSettings(smallSettings, { anchors: { sizes: TINY_ANCHOR_SIZES } });

/**
 * For transfer learning on a processor: a small pretrained body that may stay frozen, and narrow heads. Both bodies
 * have been trained with TensorFlow, with its padding and its normalization of images.
 */
const transfer: Omit<FasterRcnnConfiguration, 'body'> = {
  ...torchvision,
  fpnChannels: 128,
  headFeatures: 256,
  strides: [8, 16, 32, 64],
};
// Two sizes an octave as in the tiny model.
const transferSettings = withSettings(smallSettings, {
  anchors: {
    sizes: [
      [32, 45],
      [64, 90],
      [128, 181],
      [256, 362],
    ],
  },
});

const mobilenetV2: FasterRcnnConfiguration = { ...transfer, body: (options) => new MobileNetV2(options) };
const efficientnetLite0: FasterRcnnConfiguration = {
  ...transfer,
  body: (options) => new EfficientNetLite0(options),
  epsilon: EFFICIENTNET_EPSILON,
};

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): FasterRcnnDefinition {
  const traits = { ...torchvisionTraits, name: `fasterrcnn_resnet${depth}_fpn`, published };
  return fasterRcnn(traits, { ...torchvision, body: resnet(depth) }, torchvisionSettings);
}

/** All models of this family, with their types: bases for `defineModel`. */
export const fasterRcnnModels: readonly FasterRcnnDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: fasterRcnnWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  fasterRcnn(
    {
      ...torchvisionTraits,
      name: 'fasterrcnn_resnet50_fpn_v2',
      pretrainedNorm: 'batch',
      // The second detector has first weights only; COCO_V2 is understood to mean them too.
      published: {
        COCO_V1: fasterRcnnWeights.resnet50FpnV2,
        COCO_V2: fasterRcnnWeights.resnet50FpnV2,
        ...resnet50Weights,
      },
    },
    { ...torchvision, body: resnet(50), improved: true },
    torchvisionSettings,
  ),
  fasterRcnn(
    {
      ...mobilenetTraits,
      name: 'fasterrcnn_mobilenet_v3_large_fpn',
      input: torchvisionTraits.input,
      published: { COCO_V1: fasterRcnnWeights.mobilenetV3Fpn, ...mobilenetV3Weights },
    },
    mobilenetV3,
    mobilenetV3Settings,
  ),
  fasterRcnn(
    {
      ...mobilenetTraits,
      name: 'fasterrcnn_mobilenet_v3_large_320_fpn',
      input: torchvisionInput({ minSize: 320, maxSize: 640 }),
      published: { COCO_V1: fasterRcnnWeights.mobilenetV3At320Fpn, ...mobilenetV3Weights },
    },
    mobilenetV3,
    mobilenetV3At320Settings,
  ),
  // torchvision's MobileNetV2 does not fit: the one here is TensorFlow's, with other padding and other normalization.
  fasterRcnn(
    { ...mobilenetTraits, name: 'fasterrcnn_mobilenet_v2_fpn', input: mobilenetV2Input },
    mobilenetV2,
    transferSettings,
  ),
  fasterRcnn(
    { ...mobilenetTraits, name: 'fasterrcnn_efficientnet_lite0_fpn', input: efficientnetLite0Input },
    efficientnetLite0,
    transferSettings,
  ),
  fasterRcnn(
    { ...resnetTraits, name: 'fasterrcnn_tiny_fpn', input: torchvisionInput(SMALL_SIDES) },
    tiny,
    tinySettings,
  ),
];

/**
 * The definition of a model of this family, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function fasterRcnnModel(name: string): FasterRcnnDefinition {
  const found = fasterRcnnModels.find((definition) => definition.name === name);
  if (!found) throw new RangeError(`there is no Faster R-CNN called ${name}`);
  return found;
}
