import type { CompressedRle } from './rle';

/** The parts of a COCO instances file that this project reads and writes, named as in the JSON. */
export interface CocoFile {
  readonly info?: object;
  readonly licenses?: readonly object[];
  readonly images: readonly CocoFileImage[];
  readonly annotations: readonly CocoFileAnnotation[];
  readonly categories: readonly CocoFileCategory[];
}

export interface CocoFileImage {
  readonly id: number;
  /** Relative to the folder of the images. */
  readonly file_name: string;
  readonly width: number;
  readonly height: number;
}

export interface CocoFileAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  /** x, y, width, height in pixels. */
  readonly bbox: readonly [number, number, number, number];
  readonly area?: number;
  readonly iscrowd?: 0 | 1;
  readonly segmentation?: CompressedRle | UncompressedRle | number[][];
}

export interface UncompressedRle {
  size: [number, number];
  counts: number[];
}

export interface CocoFileCategory {
  readonly id: number;
  readonly name: string;
  readonly supercategory?: string;
}
