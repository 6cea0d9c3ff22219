import { CategoryMap } from '../../../datasets/coco/categories/category-map';
import { describeMatch } from '../../../datasets/coco/categories/describe-match';
import { matchCategories } from '../../../datasets/coco/categories/match-categories';
import { meantCategories } from '../../../datasets/coco/categories/meant-categories';
import { logLine } from '../../terminal/progress';
import type { AnnotationFile } from './annotation-file';

/**
 * A COCO file's categories that a detector's labels stand for, by name, as in `rcnn evaluate`; what does not go together is said to
 * the user. Of a file without categories they are the detector's own.
 *
 * @throws InputError where the detector and the file have no category in common.
 */
export function resultCategories(ofDetector: CategoryMap, { file, categories }: AnnotationFile): CategoryMap {
  if (categories.length === 0) return ofDetector;
  const match = matchCategories(ofDetector.categories, categories);
  const meant = meantCategories(match, { file, categories });
  for (const line of describeMatch(match, file)) logLine(line);
  return new CategoryMap(meant, file);
}
