import type { Size } from './size';

/**
 * A binary mask as run lengths, as COCO's maskApi.c: pixels are read column by column, and counts holds the lengths of
 * alternating runs of zeros and ones, zeros first (so counts[0] may be 0).
 */
export interface Mask {
  /** Size of the image. */
  readonly size: Size;
  /** Lengths of the runs; their sum is the number of pixels. */
  readonly counts: Uint32Array;
}

/** A mask of nothing. */
export function emptyMask({ height, width }: Size): Mask {
  return { size: { height, width }, counts: Uint32Array.of(height * width) };
}
