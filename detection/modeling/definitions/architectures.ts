import { IMAGE_MEAN, IMAGE_STD } from '../../structures/input-spec';
import type { Body, BodyOptions } from '../backbone/body';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import { MobileNetV2 } from '../backbone/mobilenet-v2';
import { MobileNetV3 } from '../backbone/mobilenet-v3';
import { ResNet, type ResNetDepth } from '../backbone/resnet';
import { fasterRcnnDefaults, type RoiOptions, type RpnOptions } from './faster-rcnn-defaults';

/** Everything that tells one detector from another. */
export interface Architecture {
  body: (options: BodyOptions) => Body;
  /** Of the body, that are trained or frozen together. */
  stages: number;
  /** Normalisation where pretrained weights are trained further. */
  pretrainedNorm: 'frozen' | 'batch';
  /** Of batch norm. */
  normEpsilon: number;
  /** Channels of the feature pyramid and of the RPN. */
  fpnChannels: number;
  /** As fasterrcnn_resnet50_fpn_v2: two convolutions in the RPN, four in the box head, norms there and in the pyramid. */
  improved: boolean;
  /** Features of the box head. */
  headFeatures: number;
  /** Of each level of the pyramid, in pixels of the resized image. */
  anchorSizes: readonly (readonly number[])[];
  /** Default size of the images. */
  minSize: number;
  maxSize: number;
  /** What images are normalised by, R, G, B of 0..1. */
  mean: readonly number[];
  std: readonly number[];
  rpn: RpnOptions;
  roi: RoiOptions;
}

/** torchvision's fasterrcnn_resnet50_fpn, whatever the body. */
const published: Omit<Architecture, 'body'> = {
  stages: 5,
  pretrainedNorm: 'frozen',
  normEpsilon: 1e-5,
  fpnChannels: 256,
  improved: false,
  headFeatures: 1024,
  anchorSizes: fasterRcnnDefaults.anchors.sizes,
  ...fasterRcnnDefaults.transform,
  mean: IMAGE_MEAN,
  std: IMAGE_STD,
  rpn: fasterRcnnDefaults.rpn,
  roi: fasterRcnnDefaults.roi,
};

function resnet(depth: ResNetDepth, width?: number): Architecture['body'] {
  return (options) => new ResNet(depth, { ...options, width });
}

/** torchvision: each of the three levels has anchors of all sizes. */
const ALL_ANCHOR_SIZES = fasterRcnnDefaults.anchors.sizes.flat();

/** torchvision's fasterrcnn_mobilenet_v3_large_fpn. */
const mobilenetV3: Architecture = {
  ...published,
  body: (options) => new MobileNetV3(options),
  stages: 6,
  anchorSizes: [ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES, ALL_ANCHOR_SIZES],
  rpn: { ...fasterRcnnDefaults.rpn, scoreThreshold: 0.05 },
};

/** torchvision's fasterrcnn_mobilenet_v3_large_320_fpn. */
const mobilenetV3At320: Architecture = {
  ...mobilenetV3,
  minSize: 320,
  maxSize: 640,
  rpn: {
    ...mobilenetV3.rpn,
    preNmsTopN: { ...mobilenetV3.rpn.preNmsTopN, test: 150 },
    postNmsTopN: { ...mobilenetV3.rpn.postNmsTopN, test: 150 },
  },
};

/** For small images and for machines without an accelerator: fewer proposals are enough for a dozen objects. */
const small = {
  ...published,
  minSize: 320,
  maxSize: 533,
  rpn: {
    ...fasterRcnnDefaults.rpn,
    preNmsTopN: { train: 500, test: 500 },
    postNmsTopN: { train: 300, test: 300 },
  },
  roi: { ...fasterRcnnDefaults.roi, batchSizePerImage: 256 },
} satisfies Omit<Architecture, 'body'>;

/** The demo's, 3.4 million parameters. */
const tiny: Architecture = {
  ...small,
  body: resnet(18, 32),
  fpnChannels: 64,
  headFeatures: 128,
  // Two sizes an octave apart by its half: of boxes of 15 to 110 pixels 95 % overlap an anchor by 0.7 or more, with
  // torchvision's 46 %.
  anchorSizes: [
    [24, 34],
    [48, 68],
    [96, 136],
    [192, 272],
    [384, 543],
  ],
};

/**
 * For transfer learning on a processor: a small pretrained body that may stay frozen, and narrow heads. Both bodies
 * have been trained with TensorFlow, with its padding and its normalisation of images.
 */
const transfer: Omit<Architecture, 'body' | 'mean' | 'std'> = {
  ...small,
  stages: 6,
  fpnChannels: 128,
  headFeatures: 256,
  // Levels of strides 8, 16 and 32, and the pool level; two sizes an octave as in the tiny model.
  anchorSizes: [
    [32, 45],
    [64, 90],
    [128, 181],
    [256, 362],
  ],
};

/** x / 127.5 - 1 of bytes. */
const mobilenetV2: Architecture = {
  ...transfer,
  body: (options) => new MobileNetV2(options),
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

const BYTES_MEAN = 127 / 255;
const BYTES_STD = 128 / 255;

/** tensorflow/tpu, efficientnet_lite_builder: (x - 127) / 128 of bytes; efficientnet_model: batch norm's epsilon. */
const efficientnetLite0: Architecture = {
  ...transfer,
  body: (options) => new EfficientNetLite0(options),
  normEpsilon: 1e-3,
  mean: [BYTES_MEAN, BYTES_MEAN, BYTES_MEAN],
  std: [BYTES_STD, BYTES_STD, BYTES_STD],
};

export const architectures = {
  fasterrcnn_resnet18_fpn: { ...published, body: resnet(18) },
  fasterrcnn_resnet34_fpn: { ...published, body: resnet(34) },
  fasterrcnn_resnet50_fpn: { ...published, body: resnet(50) },
  fasterrcnn_resnet101_fpn: { ...published, body: resnet(101) },
  fasterrcnn_resnet50_fpn_v2: { ...published, body: resnet(50), improved: true, pretrainedNorm: 'batch' },
  fasterrcnn_mobilenet_v3_large_fpn: mobilenetV3,
  fasterrcnn_mobilenet_v3_large_320_fpn: mobilenetV3At320,
  fasterrcnn_mobilenet_v2_fpn: mobilenetV2,
  fasterrcnn_efficientnet_lite0_fpn: efficientnetLite0,
  fasterrcnn_tiny_fpn: tiny,
} as const satisfies Record<string, Architecture>;

export type ModelName = keyof typeof architectures;
