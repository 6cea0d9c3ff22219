import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { cocoCategories, NUM_COCO_LABELS } from '../../datasets/coco/categories/coco-categories';
import { numberedCategories } from '../../detection/structures/category-names';
import { cocoPersonKeypoints, type KeypointLayout } from '../../detection/structures/keypoint-layout';

/**
 * The categories of a detector whose file does not say them: COCO's where there are as many, a person where there is one with
 * COCO's keypoints of a person, otherwise numbers. By label - 1.
 *
 * @param keypoints that it finds
 */
export function unnamedCategories(numClasses: number, keypoints?: KeypointLayout): CocoCategory[] {
  if (numClasses === NUM_COCO_LABELS) return cocoCategories();
  if (numClasses === 1 && keypoints === cocoPersonKeypoints) return cocoCategories().slice(0, 1);
  return numberedCategories(numClasses).map((name, k) => ({ id: k + 1, name }));
}
