import type { CocoDataset } from '../../coco/annotations';
import { categoryMatches } from '../errors/category-matches';
import type { CocoDetection } from '../detections';
import { sortByScore } from '../matching/grouping';
import type { Matches } from '../matching/matching';

/** What a score threshold is to do: make F1 the highest, or reach a precision (above 0, at most 1) with as much recall as can be. */
export type ThresholdGoal =
  | 'f1'
  | {
      /** Above 0, at most 1. */
      readonly precision: number;
    };

/** Why a category has no score threshold. */
export type NoThreshold = 'no objects' | 'no detections' | 'none right' | 'precision not reached';

/** The score threshold of one category, and what detections that reach it are worth. */
export interface OperatingPoint {
  /** Id of the category. */
  readonly categoryId: number;
  /** Name of the category. */
  readonly name: string;
  /** Objects to be found: crowds do not count. */
  readonly numTruths: number;
  /** Detections that are right or wrong, whatever their score: those in crowds are neither. */
  readonly numDetections: number;
  /** The lowest score that counts; `undefined` where there is no threshold that does what is wanted. */
  readonly threshold: number | undefined;
  /** Why there is none. */
  readonly reason?: NoThreshold;
  /** Share of the counted detections that is right; of the best point in reach where there is no threshold; -1 without any. */
  readonly precision: number;
  /** Share of the objects that is found, likewise. */
  readonly recall: number;
  /** Harmonic mean of the two, likewise. */
  readonly f1: number;
}

/**
 * Score thresholds to run a detector with. Detections are matched to objects as in COCO's evaluation, at an overlap of 0.5.
 * Detections of one score all count or none does, and a threshold is a score that a detection has.
 *
 * - `f1`: the score from which on 2 * right / (counted + objects) is the highest; of equals the highest score.
 * - `precision`: the lowest score from which on so large a share is right, which has the highest recall of these.
 *
 * @param detections of boxes, of images and categories of the data set
 * @returns a point for each category, in the order of the data set's
 */
export function operatingPoints(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  goal: ThresholdGoal,
): OperatingPoint[] {
  return Array.from(categoryMatches(dataset, detections), ({ matches }, k) => {
    const { id: categoryId, name } = dataset.categories[k];
    return { categoryId, name, ...pointOf(matches, goal) };
  });
}

type PointNumbers = Omit<OperatingPoint, 'categoryId' | 'name'>;

interface Point {
  readonly threshold: number;
  readonly right: number;
  readonly counted: number;
}

function pointOf(matches: Matches, goal: ThresholdGoal): PointNumbers {
  const numTruths = matches.numTruths[0];
  const points = pointsOf(matches);
  const numDetections = points.at(-1)?.counted ?? 0;
  const nothing = { numTruths, numDetections, threshold: undefined, precision: -1, recall: -1, f1: -1 };
  if (numTruths === 0) return { ...nothing, reason: 'no objects' };
  if (numDetections === 0) return { ...nothing, reason: 'no detections' };

  const precisionOf = ({ right, counted }: Point): number => right / counted;
  const f1Of = ({ right, counted }: Point): number => (2 * right) / (counted + numTruths);
  const best = (measure: (point: Point) => number): Point =>
    points.reduce((a, b) => (measure(b) > measure(a) ? b : a));
  const reached =
    goal === 'f1' ? best(f1Of) : points.findLast((point) => precisionOf(point) >= goal.precision);
  const point = reached ?? best(precisionOf);
  const numbers = {
    numTruths,
    numDetections,
    precision: precisionOf(point),
    recall: point.right / numTruths,
    f1: f1Of(point),
  };
  if (point.right === 0) return { ...numbers, threshold: undefined, reason: 'none right' };
  if (reached === undefined) return { ...numbers, threshold: undefined, reason: 'precision not reached' };
  return { ...numbers, threshold: reached.threshold };
}

/** What counts from each score on that a detection has, highest first. */
function pointsOf({ count, scores, matched, ignored }: Matches): Point[] {
  const order = sortByScore(
    Int32Array.from({ length: count }, (_, d) => d),
    scores.subarray(0, count),
  );
  const points: Point[] = [];
  let [right, counted] = [0, 0];
  order.forEach((d, rank) => {
    // The first of the overlaps (0.5), objects of all sizes.
    if (!(ignored[0][d] & 1)) {
      counted++;
      if (matched[0][d] & 1) right++;
    }
    const isLastOfItsScore = rank + 1 === count || scores[order[rank + 1]] < scores[d];
    if (isLastOfItsScore && counted > (points.at(-1)?.counted ?? 0))
      points.push({ threshold: scores[d], right, counted });
  });
  return points;
}
