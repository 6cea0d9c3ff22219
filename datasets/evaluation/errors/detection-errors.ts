import type { CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import { findTruths } from './found-truths';
import { indicesByImage, sortByScore } from '../matching/grouping';
import { MAX_DETECTIONS } from '../parameters';
import { boxRegions, type BoxRegions } from '../matching/box-regions';

/** What can be wrong with a detection, as TIDE (Bolya et al. 2020) tells errors apart, in its order. */
export const DETECTION_ERRORS = [
  'classification',
  'localization',
  'both',
  'duplicate',
  'background',
] as const;
/** An error of a detection. */
export type DetectionError = (typeof DETECTION_ERRORS)[number];

/** TIDE's foreground and background thresholds. */
const MIN_IOU = 0.5;
const BACKGROUND_IOU = 0.1;
/** Detections of an image that count, of all categories together, best first. */
const MAX_PER_IMAGE = MAX_DETECTIONS[MAX_DETECTIONS.length - 1];

/** Indices are into the detections and into the data set's annotations. */
export interface JudgedDetection {
  /** Index of the detection in the list that was judged. */
  readonly detection: number;
  /** What is wrong with it. */
  readonly error: DetectionError | 'none';
  /** Where right, the object found; the object meant, where it is misnamed or misplaced. -1 for other errors. */
  readonly truth: number;
  /** Lies in a crowd of its category: AP does not count it. TIDE tells its error all the same. */
  readonly inCrowd: boolean;
  /** Whether, put right, it would find an object that no detection finds: the best one of those that mean it. */
  readonly findsTruth: boolean;
}

/** What is right and wrong in one image. */
export interface JudgedImage {
  /** Id of the image. */
  readonly imageId: number;
  /** Best first; at most 100. */
  readonly detections: readonly JudgedDetection[];
  /** All objects: annotations that are no crowds. */
  readonly objects: readonly number[];
  /** Objects that no detection finds. */
  readonly notFound: readonly number[];
  /** Those of them that no detection means either: TIDE's missed objects. */
  readonly missed: readonly number[];
}

/**
 * Tells what is wrong with each detection, as the `tidecv` 1.0.1 package does for boxes at an overlap of 0.5:
 *
 * - right: the free object of its category with the largest overlap reaches 0.5; by score, best first;
 * - localization: the largest overlap with an object of its category is 0.1 to 0.5;
 * - classification: the overlap with an object of another category reaches 0.5;
 * - duplicate: the overlap with an object of its category that is taken reaches 0.5;
 * - background: it overlaps no object by more than 0.1;
 * - both: anything else (the wrong name, and the wrong place).
 *
 * Crowds are no objects; whoever overlaps one of its own category by more than 0.5 of its own area is `inCrowd` unless
 * it is right. Detections of categories that the data set lacks are left out, as in COCO's evaluation.
 *
 * @param detections of boxes, of images of the data set
 * @returns an entry for each image of the data set, in its order
 */
export function judgeDetections(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
): readonly JudgedImage[] {
  const { annotations } = dataset;
  const scores = Float64Array.from(detections, ({ score }) => score);
  const judge = new ImageJudge(dataset, detections, boxRegions(dataset, detections));
  const truths = indicesByImage(annotations, ({ imageId }) => imageId);
  const found = indicesByImage(detections, ({ image_id }) => image_id);
  return dataset.images.map(({ id }) => {
    const known = (found.get(id) ?? []).filter((d) => dataset.hasCategory(detections[d].category_id));
    const best = sortByScore(Int32Array.from(known), scores).subarray(0, MAX_PER_IMAGE);
    return judge.judge(id, [...best], truths.get(id) ?? []);
  });
}

class ImageJudge {
  constructor(
    private readonly dataset: CocoDataset,
    private readonly detections: readonly CocoDetection[],
    private readonly regions: BoxRegions,
  ) {}

  judge(imageId: number, found: readonly number[], truths: readonly number[]): JudgedImage {
    const { annotations } = this.dataset;
    const objects = truths.filter((g) => !annotations[g].isCrowd);
    const crowds = truths.filter((g) => annotations[g].isCrowd);
    const taken = new Set<number>();
    const matches = found.map((d) => {
      const { truth, iou } = this.closest(d, objects, (g) => !taken.has(g) && this.isOfCategory(d, g));
      if (iou < MIN_IOU) return undefined;
      taken.add(truth);
      return truth;
    });
    const judged = found.map((d, k): Omit<JudgedDetection, 'findsTruth'> => {
      const match = matches[k];
      if (match !== undefined) return { detection: d, error: 'none', truth: match, inCrowd: false };
      const inCrowd = crowds.some((g) => this.isOfCategory(d, g) && this.regions.overlap(d, g) > MIN_IOU);
      return { detection: d, ...this.errorOf(d, objects, taken), inCrowd };
    });
    const { findsTruth, notFound, missed } = findTruths(judged, objects);
    const detections = judged.map((each, k) => ({ ...each, findsTruth: findsTruth[k] }));
    return { imageId, detections, objects, notFound, missed };
  }

  /** tidecv's order of tests; that an overlap of just 0.5 is of two kinds is its too. */
  private errorOf(
    d: number,
    objects: readonly number[],
    taken: ReadonlySet<number>,
  ): { error: DetectionError; truth: number } {
    const sameCategory = this.closest(d, objects, (g) => this.isOfCategory(d, g));
    if (sameCategory.iou >= BACKGROUND_IOU && sameCategory.iou <= MIN_IOU) {
      return { error: 'localization', truth: sameCategory.truth };
    }
    const other = this.closest(d, objects, (g) => !this.isOfCategory(d, g));
    if (other.iou >= MIN_IOU) return { error: 'classification', truth: other.truth };
    const used = this.closest(d, objects, (g) => taken.has(g) && this.isOfCategory(d, g));
    if (used.iou >= MIN_IOU) return { error: 'duplicate', truth: -1 };
    const nearest = Math.max(sameCategory.iou, other.iou);
    return { error: nearest <= BACKGROUND_IOU ? 'background' : 'both', truth: -1 };
  }

  /** The first of the objects with the largest overlap; -1 and 0 where none overlaps. */
  private closest(
    detection: number,
    objects: readonly number[],
    counts: (truth: number) => boolean,
  ): { truth: number; iou: number } {
    let closest = { truth: -1, iou: 0 };
    for (const truth of objects) {
      if (!counts(truth)) continue;
      const iou = this.regions.overlap(detection, truth);
      if (iou > closest.iou) closest = { truth, iou };
    }
    return closest;
  }

  private isOfCategory(detection: number, truth: number): boolean {
    return this.detections[detection].category_id === this.dataset.annotations[truth].categoryId;
  }
}
