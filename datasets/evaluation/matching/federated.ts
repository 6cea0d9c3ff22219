import type { CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import { indicesByImage, sortByScore } from './grouping';
import type { Frequency } from '../parameters';
import { MAX_LVIS_DETECTIONS } from '../protocol';

/**
 * What is known of a federated data set, LVIS: each image has been searched for some of the categories only. Sets are empty where
 * nothing is said of an image.
 */
export interface Federated {
  /** By image id: categories that are known not to be in it. */
  readonly negative: ReadonlyMap<number, ReadonlySet<number>>;
  /** By image id: categories of which not all objects are known. */
  readonly notExhaustive: ReadonlyMap<number, ReadonlySet<number>>;
  /** By category id. */
  readonly frequencies: ReadonlyMap<number, Frequency>;
}

/** What a data set's images say of what they have been searched for; undefined where none does, as in all files but LVIS's. */
export function federatedOf({
  images,
  categories,
}: Pick<CocoDataset, 'images' | 'categories'>): Federated | undefined {
  const negative = new Map<number, ReadonlySet<number>>();
  const notExhaustive = new Map<number, ReadonlySet<number>>();
  for (const { id, absentCategories, incompleteCategories } of images) {
    if (absentCategories) negative.set(id, new Set(absentCategories));
    if (incompleteCategories) notExhaustive.set(id, new Set(incompleteCategories));
  }
  if (negative.size === 0 && notExhaustive.size === 0) return undefined;
  const frequencies = new Map<number, Frequency>();
  for (const { id, frequency } of categories) if (frequency) frequencies.set(id, frequency);
  return { negative, notExhaustive, frequencies };
}

/** LVIS wants detections of low scores too: detectron2 keeps those from 0.0001 on. */
const THRESHOLDED_SCORE = 0.01;

/**
 * What whoever evaluates a file as LVIS's should know, a line each: that it is, which categories are of no frequency, and where
 * scores look as though the low ones had been left out.
 *
 * @param truth the ground truth
 * @param detectionsPerImage of a detector: it finds no more
 */
export function federatedNotes(
  { file, categories }: Pick<CocoDataset, 'file' | 'categories'>,
  detections: readonly CocoDetection[],
  detectionsPerImage = MAX_LVIS_DETECTIONS,
): string[] {
  const notes = [
    `${file}: images say which categories they have been searched for: evaluated as LVIS does, with at most ${MAX_LVIS_DETECTIONS} ` +
      'detections an image',
  ];
  const unknown = categories.filter(({ frequency }) => frequency === undefined);
  if (unknown.length > 0) {
    notes.push(
      `${file}: ${unknown.length} of ${categories.length} categories have no "frequency" of "r", "c" or "f" (id ${unknown[0].id}): ` +
        'APr, APc and APf are without them',
    );
  }
  if (detectionsPerImage < MAX_LVIS_DETECTIONS) {
    notes.push(
      `the detector's setting detectionsPerImage leaves ${detectionsPerImage} detections of an image; LVIS counts up to ${MAX_LVIS_DETECTIONS}`,
    );
  }
  const least = detections.reduce((min, { score }) => Math.min(min, score), Infinity);
  if (detections.length > 0 && least >= THRESHOLDED_SCORE) {
    notes.push(
      `no detection has a score below ${least.toFixed(3)}: with a score threshold, AP of rare categories comes out far too low; ` +
        'detectron2 keeps scores from 0.0001 on',
    );
  }
  return notes;
}

/**
 * Which detections count in LVIS's evaluation: the best of each image, of all categories together; of these, those of categories
 * that are known to be in the image, or not to be in it.
 *
 * @param limit so many of an image
 * @returns [D], 1 for each that counts
 */
export function federatedDetections(
  { annotations }: CocoDataset,
  detections: readonly CocoDetection[],
  { negative }: Federated,
  limit: number,
): Uint8Array {
  const counts = new Uint8Array(detections.length);
  const scores = Float64Array.from(detections, ({ score }) => score);
  const truths = indicesByImage(annotations, ({ imageId }) => imageId);
  for (const [imageId, found] of indicesByImage(detections, ({ image_id }) => image_id)) {
    const positive = new Set((truths.get(imageId) ?? []).map((truth) => annotations[truth].categoryId));
    for (const detection of sortByScore(Int32Array.from(found), scores).subarray(0, limit)) {
      const { category_id: categoryId } = detections[detection];
      const isKnown = positive.has(categoryId) || negative.get(imageId)?.has(categoryId) === true;
      counts[detection] = Number(isKnown);
    }
  }
  return counts;
}
