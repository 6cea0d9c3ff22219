import { join } from 'node:path';
import type { Targets } from '../detection/structures/instances';
import type { Mask } from '../detection/structures/mask';
import type { Size } from '../detection/structures/size';
import type { CocoDataset, CocoImage } from './coco/annotations';
import { objectMask } from './coco/masks/segmentation';
import { gtTargets, type TargetOptions } from './coco/targets';

/** One image of a data set. A COCO file is one source of them; a user's own data set is an array of them. */
export interface Example {
  /** Unlike that of any other image of the set. */
  readonly imageId: number;
  /** Path of the picture, or the bytes of its file, which workers get copies of. */
  readonly file: string | Uint8Array;
  /** The picture must have it: as stored, or as shown where `upright`. */
  readonly size: Size;
  /** In pixels of the picture as stored, or as shown where `upright`. */
  readonly targets: Targets;
  /**
   * Whether the picture is turned as its EXIF orientation says, as programs that show pictures do. Default false: it is used as
   * stored.
   */
  readonly upright?: boolean;
  /** The objects as COCO's evaluation takes them. Default: the targets, their areas those of their boxes, no crowds. */
  readonly evaluation?: ExampleTruth;
}

/** All objects of an image as a COCO file has them, those too that nobody trains on. Lists have an entry for each. */
export interface ExampleTruth {
  /** [N * 4], x, y, width, height of each in pixels of the picture, as the targets; not clipped to it. */
  readonly boxes: Float64Array;
  /** [N], square pixels: of the object, which a mask may make smaller than its box. */
  readonly area: Float64Array;
  /** [N], 1 for each crowd: what is found in it counts neither as right nor as wrong. */
  readonly isCrowd: Uint8Array;
  /** [N], 1..K. */
  readonly labels: Int32Array;
  /** [N], of the image's size; undefined of an object that has none. Default: the data set has none. */
  readonly masks?: readonly (Mask | undefined)[];
  /** [N] lists of x, y, visibility of each keypoint; undefined of an object that has none. Default: the data set has none. */
  readonly keypoints?: readonly (readonly number[] | undefined)[];
  /** [N] Objects of which it is 0 are ignored where keypoints are evaluated. Default: how many keypoints have a visibility above 0. */
  readonly numKeypoints?: Int32Array;
  /** [N] ids of the annotations, unlike any other of the set; pycocotools finds none whose id is 0. Default: numbered from 1. */
  readonly ids?: Float64Array;
}

/**
 * All images of a data set, in the order of their ids; those without objects too.
 *
 * @param options which parts of objects are wanted beside boxes, of a set that was read with them
 * @throws RangeError if it was read without a folder of images
 */
export function cocoExamples(dataset: CocoDataset, options: TargetOptions = {}): Example[] {
  const { imageFolder, images } = dataset;
  if (imageFolder === null) throw new RangeError(`${dataset.file} was read without a folder of images`);
  return images.map((image) => ({
    imageId: image.id,
    file: join(imageFolder, image.fileName),
    upright: true,
    size: { height: image.height, width: image.width },
    targets: gtTargets(dataset, image, options),
    // Made when asked for: training never does, and for all of COCO it takes a tenth of a gigabyte.
    get evaluation() {
      return gtTruth(dataset, image, options);
    },
  }));
}

function gtTruth(
  dataset: CocoDataset,
  image: CocoImage,
  { masks = false, keypoints }: TargetOptions,
): ExampleTruth {
  const annotations = dataset.annotationsOf(image.id);
  return {
    boxes: Float64Array.from(annotations.flatMap(({ bbox }) => [...bbox])),
    area: Float64Array.from(annotations, ({ area }) => area),
    isCrowd: Uint8Array.from(annotations, ({ isCrowd }) => Number(isCrowd)),
    labels: Int32Array.from(annotations, ({ categoryId }) => dataset.labelOf(categoryId)),
    ids: Float64Array.from(annotations, ({ id }) => id),
    ...(masks && { masks: annotations.map(({ segmentation }) => objectMask(segmentation, image)) }),
    ...(keypoints && {
      keypoints: annotations.map((annotation) => annotation.keypoints),
      numKeypoints: Int32Array.from(annotations, ({ numKeypoints = 0 }) => numKeypoints),
    }),
  };
}
