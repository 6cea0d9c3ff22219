import type { CocoDataset } from '../coco/annotations';
import type { CocoDetection } from './detections';
import { sortByScore } from './grouping';
import { emptyMatches, Matcher, type Matches } from './matching';
import { MAX_DETECTIONS } from './parameters';
import { regionsOf } from './regions';

/** What the detections of a category are worth that reach each of T score thresholds, spread evenly over 0..1. */
export interface ScoreCurve {
  /** [T] matched to a truth at an overlap of 0.5. */
  readonly truePositives: Float64Array;
  /** [T] */
  readonly falsePositives: Float64Array;
  /** Objects to be found. */
  readonly numTruths: number;
}

const MAX_PER_IMAGE = MAX_DETECTIONS[MAX_DETECTIONS.length - 1];

/**
 * Precision and recall by score, which COCO's curves do not tell: they are by recall, and made monotonous. Boxes are
 * matched as pycocotools does, so what it ignores (crowds) is neither right nor wrong here.
 *
 * @param detections of boxes, of images and categories of the data set
 * @returns a curve for each category, in the order of the data set's
 */
export function scoreCurves(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  numThresholds: number,
): ScoreCurve[] {
  const { annotations, categories } = dataset;
  const scores = Float64Array.from(detections, ({ score }) => score);
  const truths = cells(annotations.map(({ imageId, categoryId }) => [categoryId, imageId]));
  const found = cells(detections.map(({ image_id, category_id }) => [category_id, image_id]));
  const matcher = new Matcher(annotations, regionsOf(dataset, annotations, detections, 'bbox', 'detections'));
  return categories.map(({ id }) => {
    const ofTruths = truths.get(id) ?? new Map<number, number[]>();
    const ofFound = found.get(id) ?? new Map<number, number[]>();
    const matches = emptyMatches([...ofFound.values()].reduce((sum, { length }) => sum + length, 0));
    for (const imageId of new Set([...ofTruths.keys(), ...ofFound.keys()])) {
      const best = sortByScore(Int32Array.from(ofFound.get(imageId) ?? []), scores);
      matcher.match(
        Int32Array.from(ofTruths.get(imageId) ?? []),
        best.subarray(0, MAX_PER_IMAGE),
        scores,
        matches,
      );
    }
    return curveOf(matches, numThresholds);
  });
}

/** Indices by category and image. */
function cells(
  places: readonly (readonly [categoryId: number, imageId: number])[],
): Map<number, Map<number, number[]>> {
  const byCategory = new Map<number, Map<number, number[]>>();
  places.forEach(([categoryId, imageId], index) => {
    const byImage = byCategory.get(categoryId) ?? new Map<number, number[]>();
    byCategory.set(categoryId, byImage);
    const indices = byImage.get(imageId) ?? [];
    byImage.set(imageId, indices);
    indices.push(index);
  });
  return byCategory;
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
