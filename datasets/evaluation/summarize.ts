import type { CocoAnnotation } from '../coco/annotations';
import type { Curves } from './accumulate';
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS, type AreaName } from './parameters';

/**
 * COCO's twelve numbers: average precision over overlaps of 0.5 to 0.95, at 0.5, at 0.75, and of small, medium and
 * large objects; average recall with 1, 10 and 100 detections an image, and by size.
 */
export type StatName =
  'AP' | 'AP50' | 'AP75' | 'APs' | 'APm' | 'APl' | 'AR1' | 'AR10' | 'AR100' | 'ARs' | 'ARm' | 'ARl';

/** One of pycocotools' twelve numbers. */
export interface Stat {
  readonly name: StatName;
  readonly isPrecision: boolean;
  readonly area: AreaName;
  readonly maxDetections: number;
  /** Of one IoU threshold rather than of all. */
  readonly iouThreshold?: number;
}

/** In the order of pycocotools' summarize. */
export const STATS: readonly Stat[] = [
  { name: 'AP', isPrecision: true, area: 'all', maxDetections: 100 },
  { name: 'AP50', isPrecision: true, area: 'all', maxDetections: 100, iouThreshold: 0.5 },
  { name: 'AP75', isPrecision: true, area: 'all', maxDetections: 100, iouThreshold: 0.75 },
  { name: 'APs', isPrecision: true, area: 'small', maxDetections: 100 },
  { name: 'APm', isPrecision: true, area: 'medium', maxDetections: 100 },
  { name: 'APl', isPrecision: true, area: 'large', maxDetections: 100 },
  { name: 'AR1', isPrecision: false, area: 'all', maxDetections: 1 },
  { name: 'AR10', isPrecision: false, area: 'all', maxDetections: 10 },
  { name: 'AR100', isPrecision: false, area: 'all', maxDetections: 100 },
  { name: 'ARs', isPrecision: false, area: 'small', maxDetections: 100 },
  { name: 'ARm', isPrecision: false, area: 'medium', maxDetections: 100 },
  { name: 'ARl', isPrecision: false, area: 'large', maxDetections: 100 },
];

/** Scores of one category; -1 where there is nothing to be found. */
export type CategoryScores = Readonly<Record<StatName, number>> & {
  /** Id of the category. */
  readonly categoryId: number;
  /** Name of the category. */
  readonly name: string;
  /** Objects to be found: crowds do not count. */
  readonly numTruths: number;
  /** Number of detections of this category. */
  readonly numDetections: number;
};

type CategoryHead = Pick<CategoryScores, 'categoryId' | 'name' | 'numTruths' | 'numDetections'>;

export function summarize(
  curves: Curves,
  categories: readonly CategoryHead[],
): { stats: number[]; names: StatName[]; perCategory: CategoryScores[] } {
  const all = Array.from({ length: curves.numCategories }, (_, k) => k);
  const perCategory = categories.map((head, k) => {
    const scores = STATS.map((stat) => [stat.name, mean(curves, stat, [k])]);
    return { ...head, ...(Object.fromEntries(scores) as Record<StatName, number>) };
  });
  return {
    stats: STATS.map((stat) => mean(curves, stat, all)),
    names: STATS.map(({ name }) => name),
    perCategory,
  };
}

/** The numbers that are defined wherever these objects are to be found: -1 is what an evaluation has for the others. */
export function definedStats(truths: readonly Pick<CocoAnnotation, 'area' | 'isCrowd'>[]): StatName[] {
  const areas = truths.filter(({ isCrowd }) => !isCrowd).map(({ area }) => area);
  return STATS.filter(({ area: name }) => {
    const { min, max } = AREA_RANGES.find((range) => range.name === name)!;
    return areas.some((area) => area >= min && area <= max);
  }).map(({ name }) => name);
}

/** Mean over what is defined, -1 where nothing is. */
function mean(curves: Curves, stat: Stat, categories: readonly number[]): number {
  const area = AREA_RANGES.findIndex(({ name }) => name === stat.area);
  const limit = MAX_DETECTIONS.findIndex((count) => count === stat.maxDetections);
  let sum = 0;
  let count = 0;
  for (const k of categories) {
    for (let t = 0; t < IOU_THRESHOLDS.length; t++) {
      if (stat.iouThreshold !== undefined && IOU_THRESHOLDS[t] !== stat.iouThreshold) continue;
      const values = stat.isPrecision
        ? curves.precisionAt(k, area, t)
        : curves.recallAt(k, area, limit).subarray(t, t + 1);
      for (const value of values) {
        if (value === -1) continue;
        sum += value;
        count++;
      }
    }
  }
  return count === 0 ? -1 : sum / count;
}
