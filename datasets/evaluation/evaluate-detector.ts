import { CocoDataset } from '../coco/annotations';
import type { CocoCategory } from '../coco/category-map';
import type { CocoDetection } from './detections';
import { evaluateDetections, type CocoEvaluation } from './evaluate';
import { exampleDataset } from './example-dataset';
import { cocoExamples, type Example } from '../examples';
import { InputError } from '../../detection/errors';
import type { Detector } from '../../detection/modeling/detector';
import type { Detections } from '../../detection/structures/instances';
import { cocoResults, detectSet, type DetectSetOptions } from './detect-images';

export interface EvaluateOptions extends DetectSetOptions {
  /**
   * What the detector's labels mean to the data set, by label - 1. Default: its categories of the same names, where two
   * have one name in their order.
   */
  readonly categories?: readonly CocoCategory[];
}

/** The evaluation of a detector on a data set. */
export interface DetectorEvaluation {
  /** COCO's evaluation of the boxes. */
  readonly evaluation: CocoEvaluation;
  /** What was evaluated on: the data set that was given, or what is left of it without pictures that broke. */
  readonly dataset: CocoDataset;
  /** What was detected, by image id. */
  readonly detections: ReadonlyMap<number, Detections>;
  /** The same as COCO's results files have it. */
  readonly results: readonly CocoDetection[];
  /** Means over the images of the set, where they have been computed. */
  readonly losses?: Readonly<Record<string, number>>;
}

/**
 * Runs a detector over a data set and scores what it finds against the truth, by boxes. Labels of examples are the detector's
 * own.
 *
 * @throws InputError where the detector and the data set have no category in common; ImageError, where nobody listens for
 *   broken pictures; the signal's reason.
 */
export async function evaluateDetector(
  detector: Detector,
  data: CocoDataset | readonly Example[],
  { categories, ...options }: EvaluateOptions = {},
): Promise<DetectorEvaluation> {
  const isCoco = data instanceof CocoDataset;
  const dataset = isCoco ? data : exampleDataset(data, detector.categories);
  const meant = categories ?? (isCoco ? categoriesByName(detector, data) : dataset.categories);
  const detections = await detectSet(detector, isCoco ? cocoExamples(data) : data, options);
  const evaluated = withOnly(dataset, detections);
  const results = cocoResults(detections, meant);
  const evaluation = evaluateDetections(evaluated, results, { iouType: 'bbox' });
  return { evaluation, dataset: evaluated, detections, results };
}

/** Those that the data set lacks get ids that it has not: as in COCO's evaluation, detections of them do not count. */
function categoriesByName(
  { categories: names }: Detector,
  { categories, file }: CocoDataset,
): CocoCategory[] {
  const left = new Map<string, CocoCategory[]>();
  for (const category of categories) left.set(category.name, [...(left.get(category.name) ?? []), category]);
  const free = 1 + Math.max(0, ...categories.map(({ id }) => id));
  const meant = names.map((name, k) => left.get(name)?.shift() ?? { id: free + k, name });
  if (meant.some(({ id }) => id < free)) return meant;
  throw new InputError('no-common-category', `${file}: has none of the detector's categories`, {
    file,
    ofDetector: names,
    ofDataset: categories.map(({ name }) => name),
  });
}

/** An image that nobody has looked at says nothing of a detector: its objects are not missed. */
function withOnly(dataset: CocoDataset, seen: ReadonlyMap<number, Detections>): CocoDataset {
  const { file, imageFolder, images, categories, annotations, notes, leftOut } = dataset;
  if (seen.size === images.length) return dataset;
  return new CocoDataset(
    file,
    imageFolder,
    images.filter(({ id }) => seen.has(id)),
    categories,
    annotations.filter(({ imageId }) => seen.has(imageId)),
    notes,
    leftOut,
  );
}
