import type { CompressedRle } from './masks/rle';

/**
 * A COCO instances file: the parts that this project knows, named as in the JSON. Files, images, annotations and categories
 * may have other keys, which stay as they are where a file is split, merged or repaired.
 */
export interface CocoFile {
  /** Anything about the data set as a whole. */
  readonly info?: object;
  /** Anything about the licenses of the pictures. */
  readonly licenses?: readonly object[];
  /** All images, those without objects too. */
  readonly images: readonly CocoFileImage[];
  /** All objects. */
  readonly annotations: readonly CocoFileAnnotation[];
  /** All categories that annotations refer to. */
  readonly categories: readonly CocoFileCategory[];
  /** Anything else. */
  readonly [key: string]: unknown;
}

/** An image. */
export interface CocoFileImage {
  /** Unlike that of any other image. */
  readonly id: number;
  /** Relative to the folder of the images. */
  readonly file_name: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Anything else: `license`, `coco_url`, ... */
  readonly [key: string]: unknown;
}

/** An object. */
export interface CocoFileAnnotation {
  /** Unlike that of any other annotation. */
  readonly id: number;
  /** Id of the image that the object is in. */
  readonly image_id: number;
  /** Id of the object's category. */
  readonly category_id: number;
  /** x, y, width, height in pixels. */
  readonly bbox: readonly [number, number, number, number];
  /** Area of the object in square pixels; that of its box if left out. */
  readonly area?: number;
  /** 1 if the annotation stands for a group of objects; 0 if left out. */
  readonly iscrowd?: 0 | 1;
  /** Mask of the object: run lengths, or polygons, each x1, y1, x2, y2, ... */
  readonly segmentation?: CompressedRle | UncompressedRle | readonly (readonly number[])[];
  /** Anything else: `keypoints`, `difficult`, ... */
  readonly [key: string]: unknown;
}

/** A mask as plain run lengths. */
export interface UncompressedRle {
  /** Height and width of the image. */
  size: [number, number];
  /** Lengths of runs of zeros and ones by turns, column by column, zeros first. */
  counts: number[];
}

/** A category. */
export interface CocoFileCategory {
  /** Unlike that of any other category. */
  readonly id: number;
  /** What users read. */
  readonly name: string;
  /** A more general category, such as `vehicle` for `car`. */
  readonly supercategory?: string;
  /** Anything else: `keypoints`, `skeleton`, ... */
  readonly [key: string]: unknown;
}
