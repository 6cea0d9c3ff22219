import type { CocoAnnotation, CocoDataset } from '../coco/annotations';
import { accumulate, Curves } from './accumulate';
import { checkDetections, type CocoDetection } from './detections';
import { forEachImage, sortByKey, sortByScore, type Grouped } from './grouping';
import { emptyMatches, Matcher } from './matching';
import { MAX_DETECTIONS, type IouType } from './parameters';
import { regionsOf } from './regions';
import { summarize, type CategoryScores, type StatName } from './summarize';

/** What is evaluated, and of which images. */
export interface EvaluationOptions {
  /** Overlap of boxes or of masks. Masks need a data set read with keepSegmentations. */
  readonly iouType: IouType;
  /** False: all objects are of one category (pycocotools' useCats = 0). Default true. */
  readonly useCategories?: boolean;
  /** Only these images count. Default: all. */
  readonly imageIds?: readonly number[];
  /** What messages call the detections: their file. Default 'detections'. */
  readonly source?: string;
  /** Boxes may have NaN and infinite numbers, which then count as in pycocotools: a NaN matches any object. Default false: refused. */
  readonly nonFinite?: boolean;
}

/** COCO's evaluation of a set of detections. */
export interface CocoEvaluation {
  /** Whether boxes or masks were compared. */
  readonly iouType: IouType;
  /** The 12 numbers of pycocotools, in its order; -1 where there is nothing to be found. */
  readonly stats: readonly number[];
  /** Names of the numbers in `stats`, in the same order: AP, AP50, ... */
  readonly names: readonly StatName[];
  /** In the order of ids; empty without categories. */
  readonly perCategory: readonly CategoryScores[];
  /** By category in the order of ids; a single one without categories. */
  readonly curves: Curves;
  /** Detections that do not count, because the data set lacks their category. */
  readonly numOfUnknownCategory: number;
}

/**
 * COCO's evaluation, equal to pycocotools 2.0.11.
 *
 * @throws DetectionsError or AnnotationError where something cannot be evaluated.
 */
export function evaluateDetections(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  { iouType, useCategories = true, imageIds, source = 'detections', nonFinite }: EvaluationOptions,
): CocoEvaluation {
  checkDetections(detections, dataset, source, { nonFinite });
  const imageIndices = indexImages(dataset, imageIds);
  const { annotations } = dataset;
  const truths = locate(
    annotations,
    imageIndices,
    dataset,
    (a) => a.imageId,
    (a) => a.categoryId,
  );
  const found = locate(
    detections,
    imageIndices,
    dataset,
    (d) => d.image_id,
    (d) => d.category_id,
  );
  const scores = Float64Array.from(detections, ({ score }) => score);

  const numGroups = useCategories ? dataset.categories.length : 1;
  const group = (items: Located, byScore: boolean): Grouped => {
    const sorted = (order: Int32Array): Int32Array => (byScore ? sortByScore(order, scores) : order);
    const byImage = (order: Int32Array): Int32Array =>
      sortByKey(order, items.images, imageIndices.size).order;
    const byCategory = (order: Int32Array): Grouped =>
      sortByKey(order, items.categories, dataset.categories.length);
    if (useCategories) return byCategory(byImage(sorted(items.order)));
    // pycocotools strings the categories of an image together; that decides between equal scores and overlaps.
    const order = byImage(sorted(byCategory(items.order).order));
    return { order, starts: Int32Array.of(0, order.length) };
  };
  const truthGroups = group(truths, false);
  const detectionGroups = group(found, true);

  const matcher = new Matcher(annotations, regionsOf(dataset, annotations, detections, iouType, source));
  const curves = new Curves(numGroups);
  for (let category = 0; category < numGroups; category++) {
    const matches = emptyMatches(detectionGroups.starts[category + 1] - detectionGroups.starts[category]);
    forEachImage(
      category,
      truthGroups,
      truths.images,
      detectionGroups,
      found.images,
      (truthStart, truthEnd, start, end) => {
        const lastCounted = Math.min(end, start + MAX_DETECTIONS[MAX_DETECTIONS.length - 1]);
        matcher.match(
          truthGroups.order.subarray(truthStart, truthEnd),
          detectionGroups.order.subarray(start, lastCounted),
          scores,
          matches,
        );
      },
    );
    accumulate(matches, category, curves);
  }
  const numbers = categoryNumbers(dataset, annotations, truthGroups, detectionGroups);
  return {
    iouType,
    ...summarize(curves, useCategories ? numbers : []),
    curves,
    numOfUnknownCategory: detections.reduce((n, d) => n + (dataset.hasCategory(d.category_id) ? 0 : 1), 0),
  };
}

/** Image id to index in the order of ids, of the images that count. */
function indexImages(dataset: CocoDataset, imageIds?: readonly number[]): Map<number, number> {
  const unknown = imageIds?.find((id) => dataset.imageOf(id) === undefined);
  if (unknown !== undefined) throw new RangeError(`${dataset.file} has no image ${unknown}.`);
  const chosen = imageIds === undefined ? undefined : new Set(imageIds);
  const ids = dataset.images.map(({ id }) => id).filter((id) => chosen === undefined || chosen.has(id));
  return new Map(ids.map((id, index) => [id, index]));
}

/** Which image and category things belong to. */
interface Located {
  /** Indices of those that count, in the order of the file. */
  readonly order: Int32Array;
  /** Index of the image of each; undefined contents for those that do not count. */
  readonly images: Int32Array;
  /** Index of the category of each; undefined contents for those that do not count. */
  readonly categories: Int32Array;
}

function locate<T>(
  items: readonly T[],
  imageIndices: ReadonlyMap<number, number>,
  dataset: CocoDataset,
  imageIdOf: (item: T) => number,
  categoryIdOf: (item: T) => number,
): Located {
  const images = new Int32Array(items.length);
  const categories = new Int32Array(items.length);
  const order = new Int32Array(items.length);
  let count = 0;
  items.forEach((item, index) => {
    const image = imageIndices.get(imageIdOf(item));
    if (image === undefined || !dataset.hasCategory(categoryIdOf(item))) return;
    images[index] = image;
    categories[index] = dataset.labelOf(categoryIdOf(item)) - 1;
    order[count++] = index;
  });
  return { order: order.subarray(0, count), images, categories };
}

/** What each category's row says besides its scores. */
function categoryNumbers(
  dataset: CocoDataset,
  annotations: readonly CocoAnnotation[],
  truths: Grouped,
  detections: Grouped,
): { categoryId: number; name: string; numTruths: number; numDetections: number }[] {
  return dataset.categories.map(({ id, name }, k) => ({
    categoryId: id,
    name,
    numTruths: truths.order
      .subarray(truths.starts[k], truths.starts[k + 1])
      .filter((g) => !annotations[g].isCrowd).length,
    numDetections: detections.starts[k + 1] - detections.starts[k],
  }));
}
