import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { cocoCategories, cocoCategoriesWithoutGaps } from '../../datasets/coco/categories/coco-categories';
import type { StateDictLayout } from '../../detection/modeling/detector';
import { numberedCategories } from '../../detection/structures/category-names';
import { cocoPersonKeypoints, type KeypointLayout } from '../../detection/structures/keypoint-layout';

/**
 * The categories of a detector whose file does not say them: COCO's where there are as many, a person where there is one with
 * COCO's keypoints of a person, otherwise numbers. By label - 1.
 *
 * @param keypoints that it finds
 * @param cocoLabels which labels COCO's categories have in its file
 */
export function unnamedCategories(
  numClasses: number,
  keypoints?: KeypointLayout,
  cocoLabels: StateDictLayout['cocoLabels'] = 'ids',
): CocoCategory[] {
  const coco = cocoLabels === 'ids' ? cocoCategories() : cocoCategoriesWithoutGaps();
  if (numClasses === coco.length) return coco;
  if (numClasses === 1 && keypoints === cocoPersonKeypoints) return cocoCategories().slice(0, 1);
  return numberedCategories(numClasses).map((name, k) => ({ id: k + 1, name }));
}
