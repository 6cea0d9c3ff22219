import { sortByScore } from './grouping';
import type { Matches } from './matching';
import { RECALL_THRESHOLDS, type Protocol } from '../parameters';

const R = RECALL_THRESHOLDS.length;

/** Precision and recall of all categories; -1 where a category has nothing to be found. */
export class Curves {
  /** [K, areas, IoU thresholds, recalls], for the most detections an image and a category. */
  readonly precision: Float64Array;
  /** [K, areas, most detections, IoU thresholds]. */
  readonly recall: Float64Array;

  /**
   * Curves that are undefined everywhere.
   *
   * @param numCategories K
   */
  constructor(
    readonly numCategories: number,
    /** Whose areas, numbers of detections and IoU thresholds they are by. */
    readonly protocol: Pick<Protocol, 'areas' | 'maxDetections' | 'iouThresholds'>,
  ) {
    const { areas, maxDetections, iouThresholds } = protocol;
    const [A, M, T] = [areas.length, maxDetections.length, iouThresholds.length];
    this.precision = new Float64Array(numCategories * A * T * R).fill(-1);
    this.recall = new Float64Array(numCategories * A * M * T).fill(-1);
  }

  /** [recalls], a view. */
  precisionAt(category: number, area: number, threshold: number): Float64Array {
    const { areas, iouThresholds } = this.protocol;
    const start = ((category * areas.length + area) * iouThresholds.length + threshold) * R;
    return this.precision.subarray(start, start + R);
  }

  /** [IoU thresholds], a view. */
  recallAt(category: number, area: number, maxDetections: number): Float64Array {
    const { areas, maxDetections: limits, iouThresholds } = this.protocol;
    const T = iouThresholds.length;
    const start = ((category * areas.length + area) * limits.length + maxDetections) * T;
    return this.recall.subarray(start, start + T);
  }
}

/** Fills in the curves of one category, as pycocotools' accumulate. */
export function accumulate(matches: Matches, category: number, curves: Curves): void {
  const order = sortByScore(
    Int32Array.from({ length: matches.count }, (_, i) => i),
    matches.scores,
  );
  const precisions = new Float64Array(matches.count);
  const { areas, maxDetections, iouThresholds } = curves.protocol;
  for (let area = 0; area < areas.length; area++) {
    const numTruths = matches.numTruths[area];
    if (numTruths === 0) continue;
    for (let t = 0; t < iouThresholds.length; t++) {
      const found = precisionAtEachFind(matches, order, area, t, precisions);
      interpolate(precisions, found, numTruths, curves.precisionAt(category, area, t));
    }
    maxDetections.forEach((limit, m) => countFound(matches, area, limit, curves.recallAt(category, area, m)));
  }
}

/**
 * Precision after each right detection, in the order of scores; it only falls in between, so the others need not
 * be kept.
 *
 * @returns How many were right.
 */
function precisionAtEachFind(
  { matched, ignored }: Matches,
  order: Int32Array,
  area: number,
  t: number,
  precisions: Float64Array,
): number {
  const [matchedBits, ignoredBits] = [matched[area], ignored[area]];
  let right = 0;
  let wrong = 0;
  for (const d of order) {
    if ((ignoredBits[d] >> t) & 1) continue;
    if ((matchedBits[d] >> t) & 1) {
      right++;
      precisions[right - 1] = right / (wrong + right + Number.EPSILON);
    } else {
      wrong++;
    }
  }
  return right;
}

/** At each recall threshold the best precision at that recall or a higher one; 0 where it is never reached. */
export function interpolate(
  precisions: Float64Array,
  found: number,
  numTruths: number,
  curve: Float64Array,
): void {
  for (let i = found - 1; i > 0; i--) precisions[i - 1] = Math.max(precisions[i - 1], precisions[i]);
  let i = 0;
  for (let r = 0; r < R; r++) {
    while (i < found && (i + 1) / numTruths < RECALL_THRESHOLDS[r]) i++;
    curve[r] = i < found ? precisions[i] : 0;
  }
}

/** Recall when each image has only so many detections. */
function countFound(matches: Matches, area: number, limit: number, recall: Float64Array): void {
  recall.fill(0);
  for (let d = 0; d < matches.count; d++) {
    if (matches.ranks[d] >= limit) continue;
    const right = matches.matched[area][d] & ~matches.ignored[area][d];
    for (let t = 0; right >> t > 0; t++) recall[t] += (right >> t) & 1;
  }
  for (let t = 0; t < recall.length; t++) recall[t] /= matches.numTruths[area];
}
