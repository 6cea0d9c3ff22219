/** What COCO measures: pycocotools' Params for boxes and masks. */

export type IouType = 'bbox' | 'segm';
/** COCO's classes of object sizes: below 32 x 32 pixels is small, from 96 x 96 on large. */
export type AreaName = 'all' | 'small' | 'medium' | 'large';

/** As numpy's linspace, whose last digits decide ties. */
function linspace(start: number, stop: number, count: number): readonly number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? stop : i * step + start));
}

/** 0.5, 0.55 .. 0.95. */
export const IOU_THRESHOLDS = linspace(0.5, 0.95, 10);
/** 0, 0.01 .. 1. */
export const RECALL_THRESHOLDS = linspace(0, 1, 101);
/** Detections of an image and a category that count, best first. */
export const MAX_DETECTIONS = [1, 10, 100] as const;

/** In square pixels, both ends included. */
export const AREA_RANGES: readonly { readonly name: AreaName; readonly min: number; readonly max: number }[] =
  [
    { name: 'all', min: 0, max: 1e5 ** 2 },
    { name: 'small', min: 0, max: 32 ** 2 },
    { name: 'medium', min: 32 ** 2, max: 96 ** 2 },
    { name: 'large', min: 96 ** 2, max: 1e5 ** 2 },
  ];
