import type { CompressedRle } from './rle';

/** The parts of a COCO instances file that this project reads and writes, named as in the JSON. */
export interface CocoFile {
  /** Of the data set as a whole; anything. */
  readonly info?: object;
  /** Of the pictures; anything. */
  readonly licenses?: readonly object[];
  /** All images, those without objects too. */
  readonly images: readonly CocoFileImage[];
  /** All objects. */
  readonly annotations: readonly CocoFileAnnotation[];
  /** What objects can be. */
  readonly categories: readonly CocoFileCategory[];
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
}

/** An object. */
export interface CocoFileAnnotation {
  /** Unlike that of any other annotation. */
  readonly id: number;
  /** The image that it is in. */
  readonly image_id: number;
  /** What it is. */
  readonly category_id: number;
  /** x, y, width, height in pixels. */
  readonly bbox: readonly [number, number, number, number];
  /** Of the object, square pixels. */
  readonly area?: number;
  /** 1: it stands for a group of objects. */
  readonly iscrowd?: 0 | 1;
  /** Its outline: run lengths, or polygons, each x1, y1, x2, y2, ... */
  readonly segmentation?: CompressedRle | UncompressedRle | number[][];
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
  /** A more general name. */
  readonly supercategory?: string;
}
