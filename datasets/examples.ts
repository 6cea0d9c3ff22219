import { join } from 'node:path';
import type { Size } from '../detection/structures/size';
import type { Targets } from '../detection/structures/instances';
import type { CocoDataset } from './coco/annotations';
import { gtTargets } from './coco/targets';

/** One image of a data set, as loaders take it. */
export interface Example {
  readonly imageId: number;
  /** Path of the picture. */
  readonly file: string;
  /** As the annotations say. */
  readonly size: Size;
  /** In pixels of the stored picture. */
  readonly targets: Targets;
}

/**
 * All images of a data set, in the order of their ids; those without objects too.
 *
 * @throws RangeError if it was read without a folder of images
 */
export function cocoExamples(dataset: CocoDataset): Example[] {
  const { imageFolder, images } = dataset;
  if (imageFolder === null) throw new RangeError(`${dataset.file} was read without a folder of images`);
  return images.map((image) => ({
    imageId: image.id,
    file: join(imageFolder, image.fileName),
    size: { height: image.height, width: image.width },
    targets: gtTargets(dataset, image),
  }));
}
