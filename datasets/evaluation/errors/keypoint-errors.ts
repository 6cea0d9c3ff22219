import { flippedOrder, type KeypointLayout } from '../../../detection/structures/keypoint-layout';
import type { CocoAnnotation, CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import { indicesByImage, sortByScore } from '../matching/grouping';
import { isToBeFound } from '../matching/is-to-be-found';
import { keypointSigmas } from '../keypoint-sigmas';

/** Where a keypoint of an object that is found lies, as Ronchi and Perona tell errors apart (ICCV 2017). */
export const KEYPOINT_ERRORS = ['good', 'jitter', 'inversion', 'swap', 'miss'] as const;
/** One of `KEYPOINT_ERRORS`; `good` is none. */
export type KeypointError = (typeof KEYPOINT_ERRORS)[number];

/** Ronchi and Perona: from this similarity on a keypoint is good, from the lower one on it is at its place. */
const GOOD = 0.85;
const AT_PLACE = 0.5;
/** OKS of a match: far less than COCO's, as what is wrong with poor ones is to be told. */
const MIN_OKS = 0.1;
/** Bins of OKS, each a tenth wide. */
const NUM_BINS = 10;

/** Which detections count. */
export interface KeypointErrorOptions {
  /** Those of a lower score are left out. */
  readonly minScore: number;
}

/** What is right and wrong with the keypoints of the objects that are found. */
export interface KeypointErrors {
  /** Objects with keypoints, found or not. */
  readonly numObjects: number;
  /** Found ones by their OKS: [10], from 0 to 0.1 and so on. */
  readonly similarities: readonly number[];
  /** In the order of the layout: how many labeled keypoints of found objects there are of each kind. */
  readonly keypoints: readonly (Readonly<Record<KeypointError, number>> & {
    /** Which keypoint it is. */
    readonly name: string;
  })[];
}

/**
 * Tells where the keypoints of the objects lie that are found. A detection finds the free object of its category and image with the
 * highest OKS, of at least 0.1, by score, best first. Each labeled keypoint of the object is then, by the similarity that OKS is
 * the mean of,
 *
 * - good: 0.85 or more;
 * - jitter: 0.5 or more, so at its place, but not quite;
 * - inversion: at the place of the keypoint that it changes places with in a mirrored picture, left for right;
 * - swap: at the place of that keypoint, or of the one that it changes places with, of another object;
 * - miss: anywhere else.
 *
 * @param dataset read with `keepKeypoints`
 * @param detections with keypoints
 */
export function keypointErrors(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  layout: KeypointLayout,
  { minScore }: KeypointErrorOptions,
): KeypointErrors {
  const { annotations } = dataset;
  const judge = new KeypointJudge(layout, layout.sigmas ?? keypointSigmas(dataset).sigmas);
  const objectsOf = indicesByImage(annotations, ({ imageId }) => imageId);
  const foundIn = indicesByImage(detections, ({ image_id }) => image_id);
  const scores = Float64Array.from(detections, ({ score }) => score);
  let numObjects = 0;
  for (const { id } of dataset.images) {
    const objects = (objectsOf.get(id) ?? [])
      .map((index) => annotations[index])
      .filter((annotation) => isToBeFound(annotation, 'keypoints'));
    numObjects += objects.length;
    const sure = (foundIn.get(id) ?? []).filter((index) => scores[index] >= minScore);
    const bestFirst = [...sortByScore(Int32Array.from(sure), scores)].map((index) => detections[index]);
    judge.judgeImage(objects, bestFirst);
  }
  return {
    numObjects,
    similarities: judge.similarities,
    keypoints: layout.names.map((name, k) => ({ name, ...judge.counts[k] })),
  };
}

class KeypointJudge {
  readonly similarities = new Array<number>(NUM_BINS).fill(0);
  /** [K] */
  readonly counts: Record<KeypointError, number>[];
  private readonly mirrored: Int32Array;
  /** [K] squares of twice the sigmas. */
  private readonly variances: readonly number[];

  constructor({ names, ...layout }: KeypointLayout, sigmas: readonly number[]) {
    this.mirrored = flippedOrder({ names, ...layout });
    this.variances = sigmas.map((sigma) => (2 * sigma) ** 2);
    this.counts = names.map(() => ({ good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0 }));
  }

  /** @param found best first */
  judgeImage(objects: readonly CocoAnnotation[], found: readonly CocoDetection[]): void {
    const free = new Set(objects);
    for (const { category_id, keypoints = [] } of found) {
      let best: CocoAnnotation | undefined;
      let highest = MIN_OKS;
      for (const object of free) {
        if (object.categoryId !== category_id) continue;
        const similarity = this.objectSimilarity(keypoints, object);
        if (similarity < highest) continue;
        best = object;
        highest = similarity;
      }
      if (!best) continue;
      free.delete(best);
      this.similarities[Math.min(NUM_BINS - 1, Math.floor(highest * NUM_BINS))]++;
      const others = objects.filter((object) => object !== best);
      for (const k of this.counts.keys()) {
        if (isLabeled(best, k)) this.counts[k][this.errorOf(keypoints, k, best, others)]++;
      }
    }
  }

  /** Mean over the labeled keypoints: OKS. */
  private objectSimilarity(found: readonly number[], object: CocoAnnotation): number {
    const labeled = [...this.counts.keys()].filter((k) => isLabeled(object, k));
    const sum = labeled.reduce((total, k) => total + this.similarity(found, k, object, k), 0);
    return labeled.length === 0 ? 0 : sum / labeled.length;
  }

  private errorOf(
    found: readonly number[],
    k: number,
    object: CocoAnnotation,
    others: readonly CocoAnnotation[],
  ): KeypointError {
    const mirrored = this.mirrored[k];
    const isAt = (other: CocoAnnotation, place: number): boolean =>
      isLabeled(other, place) && this.similarity(found, k, other, place) >= AT_PLACE;
    const similarity = this.similarity(found, k, object, k);
    if (similarity >= GOOD) return 'good';
    if (similarity >= AT_PLACE) return 'jitter';
    if (mirrored !== k && isAt(object, mirrored)) return 'inversion';
    return others.some((other) => isAt(other, k) || isAt(other, mirrored)) ? 'swap' : 'miss';
  }

  /** Of a keypoint that is found to the place of one of an object, 0..1, as pycocotools' computeOks. */
  private similarity(
    found: readonly number[],
    k: number,
    { keypoints = [], area }: CocoAnnotation,
    place: number,
  ): number {
    const [dx, dy] = [0, 1].map((axis) => found[3 * k + axis] - keypoints[3 * place + axis]);
    return Math.exp(-(dx * dx + dy * dy) / this.variances[place] / (area + Number.EPSILON) / 2);
  }
}

function isLabeled({ keypoints = [] }: CocoAnnotation, k: number): boolean {
  return keypoints[3 * k + 2] > 0;
}
