/** How large a model's images are made, pixels. */
export type ResizeSpec = ShorterSide | FixedSize;

/** The proportions are kept: the shorter side becomes `minSize`, unless the longer one would then exceed `maxSize`. */
export interface ShorterSide {
  /** Tells it from other ways. */
  readonly kind: 'shorter-side';
  /** Target length of the shorter side, pixels. */
  readonly minSize: number;
  /** Largest length of the longer side, pixels. */
  readonly maxSize: number;
}

/** Exactly this size, whatever the proportions: both axes are scaled by themselves. */
export interface FixedSize {
  /** Tells it from other ways. */
  readonly kind: 'fixed';
  /** Height in pixels. */
  readonly height: number;
  /** Width in pixels. */
  readonly width: number;
}

/** How a model takes pictures. It belongs to the model, as its weights do. */
export interface InputSpec {
  /** How images are resized. */
  readonly resize: ResizeSpec;
  /** What is subtracted from each channel's values of 0..1, in the order of `channels`. */
  readonly mean: readonly number[];
  /** What that is divided by, in the same order. */
  readonly std: readonly number[];
  /** The order of the channels in the model's images. */
  readonly channels: 'rgb' | 'bgr';
  /** Batches are padded to a multiple of this, the stride of the coarsest backbone stage: torchvision's size_divisible. */
  readonly sizeDivisor: number;
}

/** What ImageNet's pictures have on average, R, G, B of 0..1: torchvision's image_mean. Backbones are trained so. */
export const IMAGE_MEAN: readonly number[] = [0.485, 0.456, 0.406];
/** Their standard deviation: torchvision's image_std. */
export const IMAGE_STD: readonly number[] = [0.229, 0.224, 0.225];

/** What torchvision's detectors take: its GeneralizedRCNNTransform with these sizes, and otherwise as it is by default. */
export function torchvisionInput({
  minSize,
  maxSize,
}: {
  readonly minSize: number;
  readonly maxSize: number;
}): InputSpec {
  return {
    resize: { kind: 'shorter-side', minSize, maxSize },
    mean: IMAGE_MEAN,
    std: IMAGE_STD,
    channels: 'rgb',
    sizeDivisor: 32,
  };
}
