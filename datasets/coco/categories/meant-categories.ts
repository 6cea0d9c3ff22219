import { InputError } from '../../../detection/errors';
import type { CocoCategory } from './category-map';
import { describeNothingInCommon } from './describe-match';
import type { CategoryMatch } from './match-categories';

/**
 * The data set's category that each label of a detector means, by label - 1, as evaluations need it: those that the data set
 * lacks get ids that it has not, and detections of them do not count.
 *
 * @throws InputError where nothing is in common.
 */
export function meantCategories(
  match: CategoryMatch,
  { file, categories }: { readonly file: string; readonly categories: readonly CocoCategory[] },
): CocoCategory[] {
  const { ofDetector, meant } = match;
  if (!meant.some(Boolean)) {
    throw new InputError('no-common-category', `${file}: ${describeNothingInCommon(match)}`, {
      file,
      ofDetector: ofDetector.map(({ name }) => name),
      ofDataset: categories.map(({ name }) => name),
    });
  }
  const taken = new Set(categories.map(({ id }) => id));
  let free = 0;
  const unused = (): number => {
    do free++;
    while (taken.has(free));
    return free;
  };
  return meant.map((category, k) => category ?? { id: unused(), name: ofDetector[k].name });
}
