import type { Body, BodyOptions } from '../backbone/body';
import { ResNet, type ResNetOptions } from '../backbone/resnet';
import type { ResNetDepth } from '../backbone/resnet-stage';
import { torchvisionInput, type InputSpec } from '../../structures/input-spec';
import type { ModelDefinition } from '../detector';

/** Makes the part of a backbone below the feature pyramid. */
export type MakeBody = (options: BodyOptions) => Body;

/** @param changes where torchvision's differs: channels of the stem, the place of strides */
export function resnet(
  depth: ResNetDepth,
  changes: Pick<ResNetOptions, 'width' | 'strideIn'> = {},
): MakeBody {
  return (options) => new ResNet(depth, { ...options, ...changes });
}

/** Channels of the stem of the tiny models' ResNet-18. */
export const TINY_WIDTH = 32;

/** What detectors on a ResNet have in common in torchvision. */
export const resnetTraits = {
  stages: 5,
  pretrainedNorm: 'frozen',
} as const satisfies Partial<ModelDefinition>;
/** The same on a MobileNet, or an EfficientNet. */
export const mobilenetTraits = { ...resnetTraits, stages: 6 } as const;

/** For small images and for machines without an accelerator. */
export const SMALL_SIDES = { minSize: 320, maxSize: 533 };

/** x / 127.5 - 1 of bytes. */
export const mobilenetV2Input: InputSpec = {
  ...torchvisionInput(SMALL_SIDES),
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
};

const BYTES_MEAN = 127 / 255;
const BYTES_STD = 128 / 255;
/** tensorflow/tpu, efficientnet_lite_builder: (x - 127) / 128 of bytes. */
export const efficientnetLite0Input: InputSpec = {
  ...torchvisionInput(SMALL_SIDES),
  mean: [BYTES_MEAN, BYTES_MEAN, BYTES_MEAN],
  std: [BYTES_STD, BYTES_STD, BYTES_STD],
};
/** efficientnet_model: batch norm's epsilon. */
export const EFFICIENTNET_EPSILON = 1e-3;

/**
 * Anchors on a pyramid of strides 4 to 64 under images of 320 pixels, two sizes an octave apart by its half: of boxes of 15 to
 * 110 pixels 95 % overlap one of them by 0.7 or more, with torchvision's 46 %.
 */
export const TINY_ANCHOR_SIZES: readonly (readonly number[])[] = [
  [24, 34],
  [48, 68],
  [96, 136],
  [192, 272],
  [384, 543],
];
