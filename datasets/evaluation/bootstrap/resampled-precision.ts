import type { CocoDataset } from '../../coco/annotations';
import { interpolate } from '../matching/accumulate';
import { categoryMatches, type CategoryMatches, type MatchedTask } from '../errors/category-matches';
import type { CocoDetection } from '../detections';
import { sortByScore } from '../matching/grouping';
import { IOU_THRESHOLDS, RECALL_THRESHOLDS } from '../parameters';

/** Average precision of objects of all sizes; NaN where there is nothing to be found. */
export interface AveragePrecisions {
  /** Over overlaps of 0.5 to 0.95. */
  readonly AP: number;
  /** At an overlap of 0.5. */
  readonly AP50: number;
  /** At an overlap of 0.75. */
  readonly AP75: number;
  /** AP of each category, in the order of the data set's. */
  readonly categories: Float64Array;
}

/** Detections of one category that count, by falling score as COCO's evaluation orders them. */
interface RankedDetections {
  /** [D] index of each detection's image. */
  readonly images: Int32Array;
  /** [D], bit t about IoU threshold t. */
  readonly matched: Uint16Array;
  /** [D] */
  readonly ignored: Uint16Array;
  /** [S + 1] where stretches of one score and one image begin. */
  readonly starts: Int32Array;
  /** [images] objects to be found. */
  readonly numTruths: Int32Array;
}

const [T, R] = [IOU_THRESHOLDS.length, RECALL_THRESHOLDS.length];
const AT_50 = 0;
const AT_75 = 5;

/**
 * COCO's average precision of any multiset of a data set's images. Detections are matched once; what a multiset costs is a walk
 * along them. An image that is in it twice counts as two images do that look the same.
 */
export class ResampledPrecision {
  private readonly categories: readonly RankedDetections[];
  private readonly curve = new Float64Array(R);
  private precisions = new Float64Array(0);

  /**
   * Matches detections with the objects of a data set.
   *
   * @param detections of images and categories of the data set
   */
  constructor(dataset: CocoDataset, detections: readonly CocoDetection[], task?: MatchedTask) {
    this.categories = Array.from(categoryMatches(dataset, detections, task), ranked);
  }

  /**
   * As COCO's evaluation of the images, each as often as it is said.
   *
   * @param counts of each image of the data set, in its order
   */
  of(counts: Int32Array): AveragePrecisions {
    const categories = new Float64Array(this.categories.length);
    const sums = [0, 0, 0];
    let numDefined = 0;
    this.categories.forEach((category, k) => {
      const numTruths = category.numTruths.reduce((sum, truths, image) => sum + truths * counts[image], 0);
      if (numTruths === 0) {
        categories[k] = NaN;
        return;
      }
      const means = this.meanPrecisions(category, counts, numTruths);
      categories[k] = means.reduce((sum, mean) => sum + mean, 0) / T;
      [categories[k], means[AT_50], means[AT_75]].forEach((mean, i) => (sums[i] += mean));
      numDefined++;
    });
    const [AP, AP50, AP75] = sums.map((sum) => (numDefined === 0 ? NaN : sum / numDefined));
    return { AP, AP50, AP75, categories };
  }

  /** Means over the recall thresholds of one category's precision, at each overlap. */
  private meanPrecisions(
    { images, matched, ignored, starts }: RankedDetections,
    counts: Int32Array,
    numTruths: number,
  ): number[] {
    if (this.precisions.length < T * numTruths) this.precisions = new Float64Array(T * numTruths);
    const ofThreshold = (t: number): Float64Array =>
      this.precisions.subarray(t * numTruths, (t + 1) * numTruths);
    const right = new Int32Array(T);
    // Most detections are wrong at every overlap: they are counted once for all.
    let wrongAtAll = 0;
    const wrong = new Int32Array(T);
    for (let s = 0; s + 1 < starts.length; s++) {
      // Copies of an image are one after the other, each with all that it has of this score.
      for (let copy = counts[images[starts[s]]]; copy > 0; copy--) {
        for (let d = starts[s]; d < starts[s + 1]; d++) {
          const [bits, ignoredBits] = [matched[d], ignored[d]];
          if (bits === 0 && ignoredBits === 0) {
            wrongAtAll++;
            continue;
          }
          for (let t = 0; t < T; t++) {
            if ((ignoredBits >> t) & 1) continue;
            if ((bits >> t) & 1) {
              right[t]++;
              const counted = wrongAtAll + wrong[t] + right[t];
              this.precisions[t * numTruths + right[t] - 1] = right[t] / (counted + Number.EPSILON);
            } else {
              wrong[t]++;
            }
          }
        }
      }
    }
    return IOU_THRESHOLDS.map((_, t) => {
      interpolate(ofThreshold(t), right[t], numTruths, this.curve);
      return this.curve.reduce((sum, value) => sum + value, 0) / R;
    });
  }
}

function ranked({ matches, images, numTruths }: CategoryMatches): RankedDetections {
  const { count, scores, matched, ignored } = matches;
  const order = sortByScore(
    Int32Array.from({ length: count }, (_, d) => d),
    scores,
  );
  const starts = [...order.keys()].filter((rank) => {
    const [d, before] = [order[rank], order[rank - 1]];
    return rank === 0 || scores[d] !== scores[before] || images[d] !== images[before];
  });
  return {
    images: order.map((d) => images[d]),
    matched: Uint16Array.from(order, (d) => matched[0][d]),
    ignored: Uint16Array.from(order, (d) => ignored[0][d]),
    starts: Int32Array.from([...starts, count]),
    numTruths,
  };
}
