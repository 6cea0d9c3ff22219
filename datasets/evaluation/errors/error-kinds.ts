import type { CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import {
  DETECTION_ERRORS,
  judgeDetections,
  type DetectionError,
  type JudgedDetection,
  type JudgedImage,
} from './detection-errors';
import { sortByScore } from '../matching/grouping';

/** Errors of detections, and objects that none of them means. */
export type ErrorKind = DetectionError | 'missed';
/** All kinds, in the order in which reports list them. */
export const ERROR_KINDS: readonly ErrorKind[] = [...DETECTION_ERRORS, 'missed'];

/** What the errors of a detector cost, in average precision at an overlap of 0.5 (0..1). */
export interface ErrorCosts {
  /** The average precision as it is. */
  readonly ap: number;
  /** By how much it would rise if all errors of one kind were put right, and nothing else; never below 0. */
  readonly kinds: Readonly<Record<ErrorKind, number>>;
  /** By how much if no wrong detection were above a right one. */
  readonly falsePositives: number;
  /** By how much if every object that is not found were none. */
  readonly falseNegatives: number;
}

/**
 * The cost of each kind of error, dAP of TIDE (Bolya et al. 2020), as the `tidecv` 1.0.1 package computes it:
 *
 * - misnamed or misplaced detections become right where they are the best of those that mean an object that is not
 *   found, and go otherwise;
 * - other wrong detections go;
 * - missed objects are no more to be found.
 *
 * Its average precision is the mean over categories that have objects or detections, unlike COCO's, which leaves
 * categories without objects out: there it is 0. Where nothing is left of any category it is 1 here, and a division
 * by zero there. Equal scores keep the order of images (by id here) and of detections.
 *
 * @param images what judgeDetections says of these detections
 */
export function errorCosts(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  images: readonly JudgedImage[] = judgeDetections(dataset, detections),
): ErrorCosts {
  const cost = new CostOfErrors(dataset, detections, images);
  const ap = cost.uncorrected();
  return {
    ap,
    kinds: Object.fromEntries(
      // Fixing may cost a little, where equal scores change places.
      ERROR_KINDS.map((kind) => [kind, Math.max(cost.without(kind) - ap, 0)]),
    ) as Record<ErrorKind, number>,
    falsePositives: cost.withoutFalsePositives() - ap,
    falseNegatives: cost.withoutFalseNegatives() - ap,
  };
}

class CostOfErrors {
  constructor(
    private readonly dataset: CocoDataset,
    private readonly detections: readonly CocoDetection[],
    private readonly images: readonly JudgedImage[],
  ) {}

  uncorrected(): number {
    const precision = this.allTruths();
    for (const judged of this.judged()) {
      if (!judged.inCrowd) this.add(precision, judged, judged.error === 'none');
    }
    return precision.mean();
  }

  without(kind: ErrorKind): number {
    const precision = this.allTruths();
    for (const judged of this.judged()) {
      if (judged.error === 'none') continue;
      if (judged.error !== kind) {
        if (!judged.inCrowd) this.add(precision, judged, false);
      } else if (judged.findsTruth) {
        const { categoryId } = this.dataset.annotations[judged.truth];
        precision.add(categoryId, this.detections[judged.detection].score, true);
      }
    }
    this.addRight(precision);
    if (kind === 'missed') this.removeTruths(precision, ({ missed }) => missed);
    return precision.mean();
  }

  withoutFalsePositives(): number {
    const precision = this.allTruths();
    for (const { detection, error, inCrowd } of this.judged()) {
      const isRight = error === 'none';
      if (!inCrowd) precision.add(this.detections[detection].category_id, isRight ? 1 : 0, isRight);
    }
    return precision.mean();
  }

  withoutFalseNegatives(): number {
    const precision = this.allTruths();
    for (const judged of this.judged()) {
      if (judged.error !== 'none' && !judged.inCrowd) this.add(precision, judged, false);
    }
    this.addRight(precision);
    this.removeTruths(precision, ({ notFound }) => notFound);
    return precision.mean();
  }

  private *judged(): Iterable<JudgedDetection> {
    for (const { detections } of this.images) yield* detections;
  }

  private allTruths(): AveragePrecision {
    const precision = new AveragePrecision();
    for (const { categoryId, isCrowd } of this.dataset.annotations) {
      if (!isCrowd) precision.addTruths(categoryId, 1);
    }
    return precision;
  }

  private removeTruths(
    precision: AveragePrecision,
    removed: (image: JudgedImage) => readonly number[],
  ): void {
    for (const image of this.images) {
      for (const truth of removed(image)) {
        precision.addTruths(this.dataset.annotations[truth].categoryId, -1);
      }
    }
  }

  /** tidecv puts what was right behind all others: that decides between equal scores. */
  private addRight(precision: AveragePrecision): void {
    for (const judged of this.judged()) {
      if (judged.error === 'none') this.add(precision, judged, true);
    }
  }

  private add(precision: AveragePrecision, { detection }: JudgedDetection, isRight: boolean): void {
    const { category_id, score } = this.detections[detection];
    precision.add(category_id, score, isRight);
  }
}

interface CategoryPoints {
  readonly scores: number[];
  readonly isRight: boolean[];
  numTruths: number;
}

/** tidecv's: COCO's but for the last digits, since it divides where COCO's adds an epsilon and multiplies. */
class AveragePrecision {
  private readonly categories = new Map<number, CategoryPoints>();

  add(categoryId: number, score: number, isRight: boolean): void {
    const points = this.pointsOf(categoryId);
    points.scores.push(score);
    points.isRight.push(isRight);
  }

  addTruths(categoryId: number, count: number): void {
    this.pointsOf(categoryId).numTruths += count;
  }

  mean(): number {
    const counted = [...this.categories.values()].filter(
      ({ scores, numTruths }) => scores.length > 0 || numTruths > 0,
    );
    if (counted.length === 0) return 1;
    return counted.reduce((sum, points) => sum + averagePrecision(points), 0) / counted.length;
  }

  private pointsOf(categoryId: number): CategoryPoints {
    let points = this.categories.get(categoryId);
    if (points === undefined) {
      points = { scores: [], isRight: [], numTruths: 0 };
      this.categories.set(categoryId, points);
    }
    return points;
  }
}

function averagePrecision({ scores, isRight, numTruths }: CategoryPoints): number {
  if (numTruths === 0) return 0;
  const order = sortByScore(
    Int32Array.from(scores, (_, i) => i),
    Float64Array.from(scores),
  );
  const precisions: number[] = [];
  order.forEach((d, rank) => {
    if (isRight[d]) precisions.push((precisions.length + 1) / (rank + 1));
  });
  for (let i = precisions.length - 1; i > 0; i--) {
    precisions[i - 1] = Math.max(precisions[i - 1], precisions[i]);
  }
  let sum = 0;
  let i = 0;
  for (let percent = 0; percent <= 100; percent++) {
    while (i < precisions.length && (i + 1) / numTruths < percent / 100) i++;
    if (i < precisions.length) sum += precisions[i];
  }
  return sum / 101;
}
