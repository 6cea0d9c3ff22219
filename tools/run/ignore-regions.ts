import type { CocoDataset } from '../../datasets/coco/annotations';
import { withIgnoreRegions, type IgnoreRegionsOptions } from '../../datasets/coco/ignore-regions';
import { shownValue } from '../../datasets/coco/problems';
import { InputError } from '../../detection/errors';
import { logLine } from '../terminal/progress';
import { pluralize } from '../terminal/pluralize';

/** What of a set is to be ignored. */
export interface Ignoring extends IgnoreRegionsOptions {
  /** Whether the set may lack a category that is to be ignored. Default false. */
  readonly mayLack?: boolean;
}

/**
 * A data set with regions to ignore; how many there are is said to the user.
 *
 * @throws InputError where the set has no such category, or no other.
 */
export function ignoringRegions(set: CocoDataset, { mayLack = false, ...options }: Ignoring): CocoDataset {
  const names = set.categories.map(({ name }) => name);
  const missing = options.categories?.find((name) => !names.includes(name));
  if (missing !== undefined && !mayLack) {
    throw new InputError(
      'ignored-category-missing',
      `${set.file}: has no category ${shownValue(missing)} to ignore; it has ${names.map(shownValue).join(', ')}`,
      { file: set.file, name: missing },
    );
  }
  const ignoring = withIgnoreRegions(set, options);
  if (ignoring.categories.length === 0) {
    throw new InputError('all-categories-ignored', `${set.file}: all of its categories are to be ignored`, {
      file: set.file,
    });
  }
  if (ignoring !== set) {
    const regions = ignoring.annotations.filter(({ isIgnored }) => isIgnored).length;
    logLine(`${set.file}: ${pluralize(regions, 'region')} to ignore, neither object nor background`);
  }
  return ignoring;
}
