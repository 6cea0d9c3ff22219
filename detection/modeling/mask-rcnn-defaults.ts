import { equalWeights, weightSettings } from './loss-settings';
import { fraction, type SettingsSchema, type ValuesOf } from './settings';

/** Of the mask head. */
export const MASK_LOSS_NAMES = ['loss_mask'] as const;

/** What can be configured of a mask head, beside the settings of its Faster R-CNN. */
export const maskSchema = {
  mask: {
    threshold: fraction('probability that a pixel has to exceed to be in a mask'),
  },
  losses: { weights: weightSettings(MASK_LOSS_NAMES) },
} satisfies SettingsSchema;

/** All settings of a mask head. */
export type MaskSettings = ValuesOf<typeof maskSchema>;

/** What a mask head is made of. */
export interface MaskHeadLayers {
  /** Channels of each 3x3 convolution. */
  readonly convolutions: readonly number[];
  /** Channels of the upsampled map that masks are predicted from. */
  readonly predictor: number;
}

/** The settings of torchvision's mask head, and what else its code has as numbers. */
export type MaskRcnnDefaults = {
  /** What can be configured. */
  readonly settings: MaskSettings;
  /** Height and width of a pooled region; masks are twice as large. */
  readonly pooledSize: number;
  /** What the head is made of. */
  readonly layers: MaskHeadLayers;
};

/** The numbers of torchvision's MaskRCNN and maskrcnn_resnet50_fpn. */
export const maskRcnnDefaults: MaskRcnnDefaults = {
  settings: {
    // CocoEvaluator's and the tutorials' `masks > 0.5`.
    mask: { threshold: 0.5 },
    losses: { weights: equalWeights(MASK_LOSS_NAMES) },
  },
  pooledSize: 14,
  layers: { convolutions: [256, 256, 256, 256], predictor: 256 },
};
