import type { CocoDataset } from '../../coco/annotations';
import { categoryMatches, type MatchedTask } from './category-matches';
import type { CocoDetection } from '../detections';
import type { Matches } from '../matching/matching';

/** What the detections of a category are worth that reach each of T score thresholds, spread evenly over 0..1. */
export interface ScoreCurve {
  /** [T] matched to a truth at an overlap, or OKS, of 0.5. */
  readonly truePositives: Float64Array;
  /** [T] */
  readonly falsePositives: Float64Array;
  /** Objects to be found. */
  readonly numTruths: number;
}

/**
 * Precision and recall by score, which COCO's curves do not tell: they are by recall, and made monotonous.
 *
 * @param detections of images and categories of the data set
 * @returns a curve for each category, in the order of the data set's
 */
export function scoreCurves(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  numThresholds: number,
  task?: MatchedTask,
): ScoreCurve[] {
  return Array.from(categoryMatches(dataset, detections, task), ({ matches }) =>
    curveOf(matches, numThresholds),
  );
}

/** Counts at the first of the overlaps (0.5), of objects of all sizes. */
function curveOf({ count, scores, matched, ignored, numTruths }: Matches, numThresholds: number): ScoreCurve {
  const truePositives = new Float64Array(numThresholds);
  const falsePositives = new Float64Array(numThresholds);
  for (let d = 0; d < count; d++) {
    if (ignored[0][d] & 1) continue;
    // The last threshold that the score reaches.
    const last = Math.min(Math.max(Math.floor(scores[d] * (numThresholds - 1)), 0), numThresholds - 1);
    (matched[0][d] & 1 ? truePositives : falsePositives)[last]++;
  }
  for (let t = numThresholds - 2; t >= 0; t--) {
    truePositives[t] += truePositives[t + 1];
    falsePositives[t] += falsePositives[t + 1];
  }
  return { truePositives, falsePositives, numTruths: numTruths[0] };
}
