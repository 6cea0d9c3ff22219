import type { CocoAnnotation } from '../../coco/annotations';
import { countLabeled } from '../../coco/keypoints/keypoint-faults';
import type { IouType } from '../parameters';

/**
 * Whether an object is to be found in the evaluation of a task. Finding the others is neither right nor wrong: crowds, and, of
 * keypoints, objects of which `num_keypoints` is 0, as in pycocotools.
 */
export function isToBeFound(
  { isCrowd, keypoints, numKeypoints }: Pick<CocoAnnotation, 'isCrowd' | 'keypoints' | 'numKeypoints'>,
  iouType: IouType,
): boolean {
  if (isCrowd) return false;
  return iouType !== 'keypoints' || (numKeypoints ?? countLabeled(keypoints ?? [])) !== 0;
}
