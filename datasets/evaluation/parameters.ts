import type { Frequency } from '../coco/categories/category-map';
import type { IouType } from '../../detection/modeling/detector';

export type { Frequency, IouType };

/** What each task finds, in words. */
export const TASK_NAMES: Readonly<Record<IouType, string>> = {
  bbox: 'boxes',
  segm: 'masks',
  keypoints: 'keypoints',
};

/** COCO's classes of object sizes: below 32 x 32 pixels is small, from 96 x 96 on large. */
export type AreaName = 'all' | 'small' | 'medium' | 'large';

/** Objects of some sizes, in square pixels, both ends included. */
export interface AreaRange {
  /** What the range is called. */
  readonly name: AreaName;
  /** Smallest area. */
  readonly min: number;
  /** Largest area. */
  readonly max: number;
}

/**
 * Name of a number of an evaluation: average precision over overlaps of 0.5 to 0.95, at 0.5, at 0.75, of small, medium and large
 * objects; average recall with so many detections an image (AR100), or, of keypoints, at an overlap (AR50), and by size; LVIS has
 * the precision of rare, common and frequent categories, too, and writes AR@300.
 */
export type StatName =
  | 'AP'
  | 'AP50'
  | 'AP75'
  | 'APs'
  | 'APm'
  | 'APl'
  | 'APr'
  | 'APc'
  | 'APf'
  | 'AR'
  | 'ARs'
  | 'ARm'
  | 'ARl'
  | `AR${number}`
  | `${'AR' | 'ARs' | 'ARm' | 'ARl'}@${number}`;

/** One number of an evaluation. */
export interface Stat {
  /** Its name. */
  readonly name: StatName;
  /** Whether it is average precision rather than average recall. */
  readonly isPrecision: boolean;
  /** Of objects of these sizes. */
  readonly area: AreaName;
  /** With so many detections an image: one of the protocol's. */
  readonly maxDetections: number;
  /** Of one overlap rather than of all. */
  readonly iouThreshold?: number;
  /** Of the categories of one frequency rather than of all. */
  readonly frequency?: Frequency;
}

/** What an evaluation measures: pycocotools' Params, and its summary. */
export interface Protocol {
  /** Smallest overlaps of a match, ascending; at most 16. */
  readonly iouThresholds: readonly number[];
  /** Detections of an image that count, best first; ascending: precision is with the last of them. */
  readonly maxDetections: readonly number[];
  /** Classes of object sizes; the first is of all. */
  readonly areas: readonly AreaRange[];
  /** What is told, in this order. */
  readonly stats: readonly Stat[];
  /** What a table tells of each category. */
  readonly columns: readonly StatName[];
  /** Whether `maxDetections` are of all categories together, as in LVIS, rather than of each. */
  readonly isFederated: boolean;
}

/** As numpy's linspace, whose last digits decide ties. */
function linspace(start: number, stop: number, count: number): readonly number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start));
}

/** 0.5, 0.55 .. 0.95. */
export const IOU_THRESHOLDS = linspace(0.5, 0.95, 10);
/** 0, 0.01 .. 1. */
export const RECALL_THRESHOLDS = linspace(0, 1, 101);
/** Boxes or masks of an image and a category that count, best first. */
export const MAX_DETECTIONS = [1, 10, 100] as const;
/** Keypoints likewise. */
export const MAX_KEYPOINT_DETECTIONS = [20] as const;

/** COCO's. */
export const AREA_RANGES: readonly AreaRange[] = [
  { name: 'all', min: 0, max: 1e5 ** 2 },
  { name: 'small', min: 0, max: 32 ** 2 },
  { name: 'medium', min: 32 ** 2, max: 96 ** 2 },
  { name: 'large', min: 96 ** 2, max: 1e5 ** 2 },
];
