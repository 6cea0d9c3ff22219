import type { CocoDataset } from '../../datasets/coco/annotations';
import { describeMatch } from '../../datasets/coco/categories/describe-match';
import { inCategories } from '../../datasets/coco/categories/in-categories';
import { matchCategories } from '../../datasets/coco/categories/match-categories';
import { meantCategories } from '../../datasets/coco/categories/meant-categories';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { pluralize } from '../terminal/pluralize';

/**
 * A data set as a detector sees it, for its losses: told by the detector's categories. Objects of others are left out, with a note:
 * what lies there is background to this detector.
 *
 * @throws InputError where nothing is in common
 */
export function asDetectorSees(
  set: CocoDataset,
  { categories }: Pick<LoadedDetector, 'categories'>,
  log: (line: string) => void,
): CocoDataset {
  const match = matchCategories(categories, set.categories);
  meantCategories(match, set);
  for (const line of describeMatch(match, set.file)) log(line);
  const known = new Set(match.meant.flatMap((category) => category?.id ?? []));
  const annotations = set.annotations.filter(({ categoryId }) => known.has(categoryId));
  const numOthers = set.annotations.length - annotations.length;
  if (numOthers > 0) {
    const are = pluralize(numOthers, 'object is', 'objects are');
    log(`${set.file}: ${are} of categories that the detector lacks, and background to it`);
  }
  return inCategories(numOthers > 0 ? set.with({ annotations }) : set, categories, match);
}
