/** How large pictures are made. */
export type ResizeSpec =
  /** The shorter side becomes minSize pixels, unless the longer one would exceed maxSize. */
  | { readonly kind: 'shorter-side'; readonly minSize: number; readonly maxSize: number }
  /** Exactly this size, whatever the proportions. */
  | { readonly kind: 'fixed'; readonly height: number; readonly width: number };

/** How a model takes pictures. */
export interface InputSpec {
  readonly resize: ResizeSpec;
  /** What is subtracted from each channel of 0..1, and what that is divided by. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Order of the channels, which `mean` and `std` have too. */
  readonly channels: 'rgb' | 'bgr';
  /** Batches are padded to a multiple of this: torchvision's size_divisible. */
  readonly sizeDivisor: number;
}
