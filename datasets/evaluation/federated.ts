import type { CocoDataset } from '../coco/annotations';
import type { CocoDetection } from './detections';
import { indicesByImage, sortByScore } from './grouping';
import type { Frequency } from './parameters';

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
