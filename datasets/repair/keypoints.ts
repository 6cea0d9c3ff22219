import { countLabeled } from '../coco/keypoints/keypoint-faults';
import { shownValue } from '../coco/problems';
import { mapEntries, type Entry, type RepairSet } from './items';
import type { RepairContext } from './repair-family';

/** Numbers of a keypoint: x, y, visibility. */
const NUMBERS = 3;

/**
 * Keypoints as a list of lists [x, y, visibility]; a number of labeled keypoints that is not that of the list; a category's skeleton
 * that counts from 0.
 */
export function repairKeypoints(set: RepairSet, { log }: RepairContext): RepairSet {
  const annotations = mapEntries(set.annotations, (item) => {
    const { keypoints, num_keypoints: numLabeled } = item.entry;
    const flat = flatKeypoints(keypoints);
    const labeled = relabeled(flat ?? keypoints, numLabeled);
    if (flat !== undefined) {
      const reason = `${shownValue(keypoints)} becomes ${shownValue(flat)}`;
      log.repaired('keypoints', 'annotations', item, 'keypoints', reason);
    }
    if (labeled !== undefined) {
      const reason = `${shownValue(numLabeled)} becomes ${labeled}, the number of keypoints of visibility 1 or 2`;
      log.repaired('num_keypoints', 'annotations', item, 'num_keypoints', reason);
    }
    if (flat === undefined && labeled === undefined) return item.entry;
    return {
      ...item.entry,
      ...(flat !== undefined && { keypoints: flat }),
      ...(labeled !== undefined && { num_keypoints: labeled }),
    };
  });
  const categories = mapEntries(set.categories, (item) => {
    const skeleton = skeletonFromOne(item.entry);
    if (skeleton === undefined) return item.entry;
    const reason = `${shownValue(item.entry.skeleton)} becomes ${shownValue(skeleton)}: COCO counts keypoints from 1`;
    log.repaired('skeleton', 'categories', item, 'skeleton', reason);
    return { ...item.entry, skeleton };
  });
  return { ...set, annotations, categories };
}

/** Undefined where it is no list of triples. */
function flatKeypoints(keypoints: unknown): number[] | undefined {
  if (!Array.isArray(keypoints) || keypoints.length === 0) return undefined;
  const isTriple = (each: unknown): each is number[] =>
    Array.isArray(each) && each.length === NUMBERS && each.every(Number.isFinite);
  return keypoints.every(isTriple) ? keypoints.flat() : undefined;
}

/** Undefined where the number is right or missing, or the list is none that a number can be taken from. */
function relabeled(keypoints: unknown, numLabeled: unknown): number | undefined {
  if (numLabeled === undefined || !Array.isArray(keypoints)) return undefined;
  const numbers = keypoints as readonly unknown[];
  const isList = numbers.length % NUMBERS === 0 && numbers.every(Number.isFinite);
  const isVisibility = (value: unknown, i: number): boolean =>
    i % NUMBERS !== NUMBERS - 1 || [0, 1, 2].includes(value as number);
  if (!isList || !numbers.every(isVisibility)) return undefined;
  const labeled = countLabeled(numbers as readonly number[]);
  return labeled === numLabeled ? undefined : labeled;
}

/** Undefined where it counts from 1, or may do. */
function skeletonFromOne({ keypoints, skeleton }: Entry): number[][] | undefined {
  if (!Array.isArray(keypoints) || !Array.isArray(skeleton)) return undefined;
  const isPair = (pair: unknown): pair is number[] =>
    Array.isArray(pair) &&
    pair.length === 2 &&
    pair.every((end) => Number.isInteger(end) && end >= 0 && end < keypoints.length);
  if (!skeleton.every(isPair) || !skeleton.flat().includes(0)) return undefined;
  return skeleton.map((pair) => pair.map((end) => end + 1));
}
