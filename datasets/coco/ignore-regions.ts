import { CocoDataset, type CocoAnnotation } from './annotations';

/** Which annotations of a data set are regions to ignore. */
export interface IgnoreRegionsOptions {
  /** Whether detectors train on what is in crowds as background (`drop`, torchvision's way and the default), or not at all. */
  readonly crowds?: 'drop' | 'ignore';
  /** Names of categories that are none of the detector's: their objects are regions to ignore, in evaluations too. */
  readonly categories?: readonly string[];
}

/**
 * A data set with regions to ignore: what lies in them counts neither as object nor as background in training.
 *
 * Objects of an ignored category become crowds of every other category, so that in COCO's evaluation detections in them are
 * neither right nor wrong; the category itself is gone, and labels go by those that are left. Crowds are that in every
 * evaluation; with `ignore` they are so in training too.
 *
 * @returns the same data set where nothing is to be ignored
 */
export function withIgnoreRegions(
  dataset: CocoDataset,
  { crowds = 'drop', categories: names = [] }: IgnoreRegionsOptions,
): CocoDataset {
  const ignored = new Set(dataset.categories.filter(({ name }) => names.includes(name)).map(({ id }) => id));
  if (crowds === 'drop' && ignored.size === 0) return dataset;
  const categories = dataset.categories.filter(({ id }) => !ignored.has(id));
  // pycocotools takes id 0 for none; crowds never need one.
  let lastId = dataset.annotations.reduce((last, { id }) => Math.max(last, id), 0);
  const annotations = dataset.annotations.flatMap((annotation): CocoAnnotation[] => {
    if (ignored.has(annotation.categoryId)) {
      return categories.map(({ id: categoryId }, k) => ({
        ...annotation,
        id: k === 0 ? annotation.id : ++lastId,
        categoryId,
        isCrowd: true,
        // One region for training, however many categories there are.
        isIgnored: k === 0,
      }));
    }
    return [annotation.isCrowd && crowds === 'ignore' ? { ...annotation, isIgnored: true } : annotation];
  });
  return dataset.with({ categories, annotations });
}
