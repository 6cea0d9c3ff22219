import { areNumbered } from '../../../detection/structures/category-names';
import type { CocoCategory } from './category-map';
import { isCocoGap } from './coco-categories';

/** A category of a detector: what a label stands for. */
export interface DetectorCategory {
  /** Name of the category. */
  readonly name: string;
  /** Its id in the data set that the detector was trained on, where that is known. */
  readonly id?: number;
}

/** How the categories of a detector and of a data set go together. */
export interface CategoryMatch {
  /** What has matched them: names, or, where they have none, numbers. */
  readonly by: 'name' | 'number';
  /** The detector's, by label - 1. */
  readonly ofDetector: readonly DetectorCategory[];
  /** The data set's category that each label means, by label - 1; undefined where the data set has none. */
  readonly meant: readonly (CocoCategory | undefined)[];
  /** The detector's that the data set lacks. */
  readonly onlyOfDetector: readonly DetectorCategory[];
  /** The data set's that the detector lacks. */
  readonly onlyOfDataset: readonly CocoCategory[];
}

/**
 * Matches the categories of a detector with those of a data set: equal names mean the same, whatever their ids. Of several
 * categories of one name, those with the same id mean the same, then the others in their order.
 *
 * Where both have no names (`category 1` and so on), or one has none and no name is in common, labels are ids if all ids of the data
 * set are labels, as is usual with torchvision; otherwise they are the data set's categories in the order of their ids, if
 * there are as many.
 *
 * @param detector by label - 1
 * @param dataset sorted by id
 */
export function matchCategories(
  detector: readonly DetectorCategory[],
  dataset: readonly CocoCategory[],
): CategoryMatch {
  const byName = matchNames(detector, dataset);
  const numNamed = [detector, dataset].filter((side) => !areNumbered(side.map(({ name }) => name))).length;
  const isNamed = numNamed === 2 || (numNamed === 1 && byName.some(Boolean));
  const meant = isNamed ? byName : matchNumbers(detector.length, dataset);
  const found = new Set(meant);
  return {
    by: isNamed ? 'name' : 'number',
    ofDetector: detector,
    meant,
    onlyOfDetector: detector.filter((category, k) => !meant[k] && !isGap(category, detector)),
    onlyOfDataset: dataset.filter((category) => !found.has(category)),
  };
}

/** A label that COCO gave up is no category, but in another detector of COCO's. */
function isGap({ name }: DetectorCategory, detector: readonly DetectorCategory[]): boolean {
  return isCocoGap(name, detector.length);
}

function matchNames(
  detector: readonly DetectorCategory[],
  dataset: readonly CocoCategory[],
): (CocoCategory | undefined)[] {
  const left = new Map<string, CocoCategory[]>();
  for (const category of dataset) {
    const sameName = left.get(category.name);
    if (sameName) sameName.push(category);
    else left.set(category.name, [category]);
  }
  const sameId = detector.map(({ name, id }) => {
    const candidates = left.get(name) ?? [];
    const index = candidates.findIndex((candidate) => candidate.id === id);
    return index < 0 ? undefined : candidates.splice(index, 1)[0];
  });
  return detector.map(
    (category, k) => sameId[k] ?? (isGap(category, detector) ? undefined : left.get(category.name)?.shift()),
  );
}

function matchNumbers(numLabels: number, dataset: readonly CocoCategory[]): (CocoCategory | undefined)[] {
  const byId = new Map(dataset.map((category) => [category.id, category]));
  const labels = Array.from({ length: numLabels }, (_, k) => k + 1);
  if (dataset.every(({ id }) => id >= 1 && id <= numLabels)) return labels.map((label) => byId.get(label));
  if (dataset.length === numLabels) return [...dataset];
  return labels.map(() => undefined);
}
