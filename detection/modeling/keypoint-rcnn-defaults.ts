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

/** The numbers of torchvision's KeypointRCNN and keypointrcnn_resnet50_fpn. */
export const keypointRcnnDefaults = {
  settings: { losses: { weights: equalWeights(KEYPOINT_LOSS_NAMES) } } satisfies KeypointSettings,
  /** Height and width of a pooled region; heatmaps are four times as large. */
  pooledSize: 14,
  /** Channels of each 3x3 convolution. */
  convolutions: [512, 512, 512, 512, 512, 512, 512, 512] as readonly number[],
  /** Shorter sides of the resized image in training, of which one is drawn for each. */
  trainMinSizes: [640, 672, 704, 736, 768, 800] as readonly number[],
};
