import type { CocoAnnotation } from '../coco/annotations';
import type { Curves } from './matching/accumulate';
import { isToBeFound } from './matching/is-to-be-found';
import type { Frequency, IouType, Protocol, Stat, StatName } from './parameters';
import { cocoProtocol } from './protocol';

/** Scores of one category; -1 where there is nothing to be found. */
export type CategoryScores = Readonly<Record<'AP' | 'AP50' | 'AP75', number>> &
  Readonly<Partial<Record<StatName, number>>> & {
    /** Id of the category. */
    readonly categoryId: number;
    /** Name of the category. */
    readonly name: string;
    /** Objects to be found: crowds do not count, nor, of keypoints, objects without any. */
    readonly numTruths: number;
    /** Number of detections of this category. */
    readonly numDetections: number;
  };

type CategoryHead = Pick<CategoryScores, 'categoryId' | 'name' | 'numTruths' | 'numDetections'>;

/**
 * The numbers of an evaluation.
 *
 * @param frequencies by category, where a protocol goes by them
 */
export function summarize(
  curves: Curves,
  { stats, ...protocol }: Protocol,
  categories: readonly CategoryHead[],
  frequencies: readonly (Frequency | undefined)[] = [],
): { stats: number[]; names: StatName[]; perCategory: CategoryScores[] } {
  const all = Array.from({ length: curves.numCategories }, (_, k) => k);
  const perCategory = categories.map((head, k) => {
    const ofCategory = stats.filter(({ frequency }) => frequency === undefined);
    const scores = ofCategory.map((stat) => [stat.name, mean(curves, stat, protocol, [k])]);
    return { ...head, ...(Object.fromEntries(scores) as Record<StatName, number>) };
  });
  return {
    stats: stats.map((stat) => {
      const { frequency } = stat;
      const counted = frequency === undefined ? all : all.filter((k) => frequencies[k] === frequency);
      return mean(curves, stat, protocol, counted);
    }),
    names: stats.map(({ name }) => name),
    perCategory,
  };
}

/** The numbers that COCO's evaluation of a task has, in its order. */
export function statsOf(iouType: IouType): readonly Stat[] {
  return cocoProtocol(iouType).stats;
}

/**
 * The numbers of a task that are defined wherever these objects are to be found: -1 is what an evaluation has for the others.
 *
 * @param iouType Default: boxes.
 */
export function definedStats(
  truths: readonly Pick<CocoAnnotation, 'area' | 'isCrowd' | 'keypoints' | 'numKeypoints'>[],
  iouType: IouType = 'bbox',
): StatName[] {
  const counted = truths.filter((truth) => isToBeFound(truth, iouType));
  const { stats, areas } = cocoProtocol(iouType);
  return stats
    .filter(({ area: name }) => {
      const { min, max } = areas.find((range) => range.name === name)!;
      return counted.some(({ area }) => area >= min && area <= max);
    })
    .map(({ name }) => name);
}

/** Mean over what is defined, -1 where nothing is. */
function mean(
  curves: Curves,
  { area: areaName, maxDetections, iouThreshold, isPrecision }: Stat,
  {
    areas,
    maxDetections: limits,
    iouThresholds,
  }: Pick<Protocol, 'areas' | 'maxDetections' | 'iouThresholds'>,
  categories: readonly number[],
): number {
  const area = areas.findIndex(({ name }) => name === areaName);
  const limit = limits.indexOf(maxDetections);
  let sum = 0;
  let count = 0;
  for (const k of categories) {
    for (let t = 0; t < iouThresholds.length; t++) {
      if (iouThreshold !== undefined && iouThresholds[t] !== iouThreshold) continue;
      const values = isPrecision
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
