import { CocoDataset } from '../annotations';
import type { CocoCategory } from './category-map';
import type { CategoryMatch } from './match-categories';

/**
 * A data set as a detector sees it: its objects are told by the detector's categories. The data set itself where those are
 * its own.
 *
 * @param categories the detector's, sorted by id
 * @param match of these with the data set's
 * @throws RangeError where an object is of a category that the detector lacks.
 */
export function inCategories(
  dataset: CocoDataset,
  categories: readonly CocoCategory[],
  { meant }: CategoryMatch,
): CocoDataset {
  const own = dataset.categories;
  const areOwn = categories.length === own.length && categories.every((_, k) => meant[k] === own[k]);
  if (areOwn && categories.every(({ id }, k) => id === own[k].id)) return dataset;
  const idsInDetector = new Map(
    meant.flatMap((category, k): [number, number][] => (category ? [[category.id, categories[k].id]] : [])),
  );
  const annotations = dataset.annotations.map((annotation) => {
    const categoryId = idsInDetector.get(annotation.categoryId);
    if (categoryId === undefined) {
      throw new RangeError(
        `${dataset.file}: the detector has no category ${annotation.categoryId} of this set`,
      );
    }
    return categoryId === annotation.categoryId ? annotation : { ...annotation, categoryId };
  });
  // What its keypoints are, the set says.
  const named = categories.map((category, k) => ({ ...keypointsOf(meant[k]), ...category }));
  return dataset.with({ categories: named, annotations });
}

function keypointsOf(category: CocoCategory | undefined): Partial<CocoCategory> {
  const { keypoints, skeleton, sigmas } = category ?? {};
  return { ...(keypoints && { keypoints }), ...(skeleton && { skeleton }), ...(sigmas && { sigmas }) };
}
