import { torchvisionInput } from '../../structures/input-spec';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import { MobileNetV2 } from '../backbone/mobilenet-v2';
import { MobileNetV3 } from '../backbone/mobilenet-v3';
import type { ResNetDepth } from '../backbone/resnet-stage';
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
import type { FasterRcnnBase, FasterRcnnConfiguration } from './faster-rcnn-definition';

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
const torchvisionInputs = torchvisionInput(fasterRcnnDefaults.transform);

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

/** torchvision's Faster R-CNN on a ResNet: `fasterrcnn_resnet50_fpn`, and what Mask and Keypoint R-CNN begin with. */
export function resnetBase(depth: ResNetDepth): FasterRcnnBase {
  return {
    traits: { ...resnetTraits, input: torchvisionInputs },
    configuration: { ...torchvision, body: resnet(depth) },
    settings: torchvisionSettings,
  };
}

const resnet50Base = resnetBase(50);
/** `fasterrcnn_resnet50_fpn_v2`: norms and more convolutions in the heads. */
export const resnet50V2Base: FasterRcnnBase = {
  ...resnet50Base,
  traits: { ...resnet50Base.traits, pretrainedNorm: 'batch' },
  configuration: { ...resnet50Base.configuration, improved: true },
};

/** `fasterrcnn_mobilenet_v3_large_fpn`. */
export const mobilenetV3Base: FasterRcnnBase = {
  traits: { ...mobilenetTraits, input: torchvisionInputs },
  configuration: mobilenetV3,
  settings: mobilenetV3Settings,
};

/** `fasterrcnn_mobilenet_v3_large_320_fpn`: for small images. */
export const mobilenetV3At320Base: FasterRcnnBase = {
  traits: { ...mobilenetTraits, input: torchvisionInput({ minSize: 320, maxSize: 640 }) },
  configuration: mobilenetV3,
  settings: mobilenetV3At320Settings,
};

/** torchvision's MobileNetV2 does not fit: the one here is TensorFlow's, with other padding and other normalization. */
export const mobilenetV2Base: FasterRcnnBase = {
  traits: { ...mobilenetTraits, input: mobilenetV2Input },
  configuration: { ...transfer, body: (options) => new MobileNetV2(options) },
  settings: transferSettings,
};

/** For transfer learning: the smallest of the pretrained bodies. */
export const efficientnetLite0Base: FasterRcnnBase = {
  traits: { ...mobilenetTraits, input: efficientnetLite0Input },
  configuration: {
    ...transfer,
    body: (options) => new EfficientNetLite0(options),
    epsilon: EFFICIENTNET_EPSILON,
  },
  settings: transferSettings,
};

/** The demo's, 3.4 million parameters. */
export const tinyBase: FasterRcnnBase = {
  traits: { ...resnetTraits, input: torchvisionInput(SMALL_SIDES) },
  configuration: {
    ...torchvision,
    body: resnet(18, { width: TINY_WIDTH }),
    fpnChannels: 64,
    headFeatures: 128,
  },
  settings: withSettings(smallSettings, { anchors: { sizes: TINY_ANCHOR_SIZES } }),
};
