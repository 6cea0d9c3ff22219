import type { CocoDataset } from '../../datasets/coco/annotations';
import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { describeMatch, namesWithHints } from '../../datasets/coco/categories/describe-match';
import { inCategories } from '../../datasets/coco/categories/in-categories';
import { matchCategories } from '../../datasets/coco/categories/match-categories';
import { InputError } from '../../detection/errors';
import { logLine } from '../terminal/progress';

/**
 * The validation set in the categories of the training set: names decide, whatever the ids. Says what does not go together.
 *
 * @throws InputError where it has objects of categories that the training set lacks.
 */
export function inTrainedCategories(val: CocoDataset, train: CocoDataset): CocoDataset {
  const match = matchCategories(train.categories, val.categories);
  const withObjects = new Set(val.annotations.map(({ categoryId }) => categoryId));
  const missing = match.onlyOfDataset.filter(({ id }) => withObjects.has(id));
  if (missing.length > 0) {
    throw new InputError(
      'category-missing',
      `${val.file}: has objects of categories that ${train.file} lacks: ` +
        namesWithHints(missing, train.categories, 'there is'),
      { file: val.file, names: missing.map(({ name }) => name) },
    );
  }
  for (const line of describeMatch(match, val.file)) logLine(line);
  return inCategories(val, train.categories, match);
}

/**
 * The training set of a run that goes on, in the categories that it began with.
 *
 * @param categories of its detector, by label - 1
 * @param output the run's folder
 * @throws InputError where they are not the same, as other categories would give the detector's labels other meanings.
 */
export function inCategoriesOfRun(
  train: CocoDataset,
  categories: readonly CocoCategory[],
  output: string,
): CocoDataset {
  const match = matchCategories(categories, train.categories);
  const { by, onlyOfDetector: gone, onlyOfDataset: added } = match;
  if (gone.length > 0 || added.length > 0) {
    const differences = [
      ...(gone.length > 0 ? [`${namesWithHints(gone, added, 'now there is')} missing`] : []),
      ...(added.length > 0 ? [`${namesWithHints(added)} new`] : []),
    ];
    throw new InputError(
      'other-categories',
      `${train.file}: its categories are not those that ${output} has been trained on: ${differences.join(', ')}`,
      { file: train.file, output },
    );
  }
  if (by === 'name') for (const line of describeMatch(match, train.file)) logLine(line);
  return inCategories(train, categories, match);
}
