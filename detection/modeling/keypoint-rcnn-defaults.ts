import { equalWeights, weightSettings } from './loss-settings';
import type { SettingsSchema, ValuesOf } from './settings';

/** Of the keypoint head. */
export const KEYPOINT_LOSS_NAMES = ['loss_keypoint'] as const;

/** What can be configured of a keypoint head, beside the settings of its Faster R-CNN. */
export const keypointSchema = {
  losses: { weights: weightSettings(KEYPOINT_LOSS_NAMES) },
} satisfies SettingsSchema;

/** All settings of a keypoint head. */
export type KeypointSettings = ValuesOf<typeof keypointSchema>;

/** The settings of torchvision's keypoint head, and what else its code has as numbers. */
export type KeypointRcnnDefaults = {
  /** What can be configured. */
  readonly settings: KeypointSettings;
  /** Height and width of a pooled region; heatmaps are four times as large. */
  readonly pooledSize: number;
  /** Channels of each 3x3 convolution. */
  readonly convolutions: readonly number[];
  /** Shorter sides of the resized image in training, of which one is drawn for each. */
  readonly trainMinSizes: readonly number[];
};

/** The numbers of torchvision's KeypointRCNN and keypointrcnn_resnet50_fpn. */
export const keypointRcnnDefaults: KeypointRcnnDefaults = {
  settings: { losses: { weights: equalWeights(KEYPOINT_LOSS_NAMES) } },
  pooledSize: 14,
  convolutions: [512, 512, 512, 512, 512, 512, 512, 512],
  trainMinSizes: [640, 672, 704, 736, 768, 800],
};
