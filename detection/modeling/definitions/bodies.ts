import type { Body, BodyOptions } from '../backbone/body';
import { ResNet, type ResNetDepth } from '../backbone/resnet';
import type { ModelDefinition } from '../detector';

/** Makes the part of a backbone below the feature pyramid. */
export type MakeBody = (options: BodyOptions) => Body;

/** @param width channels of the stem, 64 if left out */
export function resnet(depth: ResNetDepth, width?: number): MakeBody {
  return (options) => new ResNet(depth, { ...options, width });
}

/** What detectors on a ResNet have in common in torchvision. */
export const resnetTraits = {
  stages: 5,
  pretrainedNorm: 'frozen',
} as const satisfies Partial<ModelDefinition>;
/** The same on a MobileNet, or an EfficientNet. */
export const mobilenetTraits = { ...resnetTraits, stages: 6 } as const;

/** For small images and for machines without an accelerator. */
export const SMALL_SIDES = { minSize: 320, maxSize: 533 };
