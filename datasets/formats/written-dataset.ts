import type { PicturePlacement } from './place-pictures';

/** How a data set is written. */
export interface WriteOptions {
  /** What becomes of the pictures. Default `copy`. */
  readonly pictures?: PicturePlacement;
  /** Is told how many pictures are in their place, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between two pictures; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** A part that has been written. */
export interface WrittenPart {
  /** As the parts that were given are called. */
  readonly name: string;
  /** Number of images. */
  readonly images: number;
  /** Number of objects, without those that the format has no place for. */
  readonly objects: number;
}

/** A data set that has been written. */
export interface WrittenDataset {
  /** In their order. */
  readonly parts: readonly WrittenPart[];
  /** What the format has no place for, and other things that users should know: one line each. */
  readonly notes: readonly string[];
}
