import type { ImageBatch } from './image-batch';
import type { Targets } from './instances';

/** What a detector trains on. */
export interface DetectionBatch {
  /** The images. */
  readonly images: ImageBatch;
  /** One entry per image. */
  readonly targets: readonly Targets[];
  /** Ids of the images in their data set: error messages name them. */
  readonly imageIds: readonly number[];
}
