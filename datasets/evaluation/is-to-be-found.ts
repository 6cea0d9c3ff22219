import type { CocoAnnotation } from '../coco/annotations';
import type { IouType } from './parameters';

/**
 * Whether an object is to be found in the evaluation of a task. Finding the others is neither right nor wrong: crowds, and, of
 * keypoints, objects of which `num_keypoints` is 0, as in pycocotools.
 */
export function isToBeFound(
  { isCrowd, keypoints, numKeypoints }: Pick<CocoAnnotation, 'isCrowd' | 'keypoints' | 'numKeypoints'>,
  iouType: IouType,
): boolean {
  if (isCrowd) return false;
  return iouType !== 'keypoints' || (numKeypoints ?? numLabeled(keypoints)) !== 0;
}

/** How many keypoints, x, y, visibility of each, are labeled. */
export function numLabeled(keypoints: readonly number[] = []): number {
  return keypoints.filter((visibility, i) => i % 3 === 2 && visibility > 0).length;
}
