import type { CocoCategory } from '../../datasets/coco/category-map';
import { cocoCategories, NUM_COCO_LABELS } from '../../datasets/coco/coco-categories';
import { numberedCategories } from '../../detection/structures/category-names';

/** The categories of a detector whose file does not say them: COCO's where there are as many, otherwise numbers. By label - 1. */
export function unnamedCategories(numClasses: number): CocoCategory[] {
  if (numClasses === NUM_COCO_LABELS) return cocoCategories();
  return numberedCategories(numClasses).map((name, k) => ({ id: k + 1, name }));
}
