import type { CocoAnnotation, CocoDataset } from '../coco/annotations';
import { accumulate, Curves } from './matching/accumulate';
import { checkDetections, type CocoDetection } from './detections';
import { forEachImage, sortByKey, sortByScore, type Grouped } from './matching/grouping';
import { emptyMatches, Matcher } from './matching/matching';
import { isToBeFound } from './matching/is-to-be-found';
import { checkedSigmas } from './keypoint-sigmas';
import type { IouType, Protocol, StatName } from './parameters';
import { federatedDetections, type Federated } from './matching/federated';
import { cocoProtocol, lvisProtocol } from './protocol';
import { regionsOf } from './matching/task-regions';
import { summarize, type CategoryScores } from './summarize';

/** What is evaluated, and of which images. */
export interface EvaluationOptions {
  /**
   * Overlap of boxes, of masks or of keypoints. Masks need a data set read with keepSegmentations, keypoints one with
   * keepKeypoints.
   */
  readonly iouType: IouType;
  /** Of keypoints: how far people put each apart, in parts of an object's size. Default: `keypointSigmas`. */
  readonly sigmas?: readonly number[];
  /** So many detections of an image and a category count, ascending. Default: COCO's 1, 10 and 100, of keypoints 20. */
  readonly maxDetections?: readonly number[];
  /** False: all objects are of one category (pycocotools' useCats = 0). Default true. */
  readonly useCategories?: boolean;
  /** Evaluates as LVIS does, by what is known of each image: 13 numbers, of which `maxDetections` has one limit. Default: as COCO. */
  readonly federated?: Federated;
  /** Only these images count. Default: all. */
  readonly imageIds?: readonly number[];
  /** What messages call the detections: their file. Default 'detections'. */
  readonly source?: string;
  /** Boxes may have NaN and infinite numbers, which then count as in pycocotools: a NaN matches any object. Default false: refused. */
  readonly nonFinite?: boolean;
}

/** COCO's evaluation of a set of detections. */
export interface CocoEvaluation {
  /** Whether boxes, masks or keypoints were compared. */
  readonly iouType: IouType;
  /** What was measured. */
  readonly protocol: Protocol;
  /** The numbers of pycocotools, 12 of boxes or masks, 10 of keypoints, in its order; -1 where there is nothing to be found. */
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
  options: EvaluationOptions,
): CocoEvaluation {
  const { iouType, useCategories = true, imageIds, source = 'detections', nonFinite } = options;
  const sigmas = iouType === 'keypoints' ? checkedSigmas(dataset, options.sigmas) : [];
  const { federated } = options;
  const protocol = federated
    ? lvisProtocol(options.maxDetections?.[0])
    : cocoProtocol(iouType, options.maxDetections);
  const limit = protocol.maxDetections[protocol.maxDetections.length - 1];
  const mostOfCategory = federated ? Infinity : limit;
  checkDetections(detections, dataset, source, {
    nonFinite,
    ...(iouType === 'keypoints' && { numKeypoints: sigmas.length }),
  });
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
    federated && federatedDetections(dataset, detections, federated, limit),
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

  const regions = regionsOf(dataset, annotations, detections, { iouType, sigmas, source });
  const isCounted = (annotation: CocoAnnotation): boolean => isToBeFound(annotation, iouType);
  const matcher = new Matcher(annotations, regions, protocol, (annotation) => !isCounted(annotation));
  const curves = new Curves(numGroups, protocol);
  for (let category = 0; category < numGroups; category++) {
    const matches = emptyMatches(
      detectionGroups.starts[category + 1] - detectionGroups.starts[category],
      protocol,
    );
    forEachImage(
      category,
      truthGroups,
      truths.images,
      detectionGroups,
      found.images,
      (truthStart, truthEnd, start, end) => {
        const lastCounted = Math.min(end, start + mostOfCategory);
        matcher.match(
          truthGroups.order.subarray(truthStart, truthEnd),
          detectionGroups.order.subarray(start, lastCounted),
          scores,
          matches,
          federated && start < end && isNotExhaustive(detections[detectionGroups.order[start]], federated),
        );
      },
    );
    accumulate(matches, category, curves);
  }
  regions.finish();
  const numbers = categoryNumbers(dataset, isCounted, truthGroups, detectionGroups);
  return {
    iouType,
    protocol,
    ...summarize(
      curves,
      protocol,
      useCategories ? numbers : [],
      dataset.categories.map(({ id }) => federated?.frequencies.get(id)),
    ),
    curves,
    numOfUnknownCategory: detections.reduce((n, d) => n + (dataset.hasCategory(d.category_id) ? 0 : 1), 0),
  };
}

/** Whether not all objects of a detection's category are known in its image. */
function isNotExhaustive(
  { image_id: imageId, category_id: categoryId }: CocoDetection,
  federated: Federated,
): boolean {
  return federated.notExhaustive.get(imageId)?.has(categoryId) === true;
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
  counts?: Uint8Array,
): Located {
  const images = new Int32Array(items.length);
  const categories = new Int32Array(items.length);
  const order = new Int32Array(items.length);
  let count = 0;
  items.forEach((item, index) => {
    const image = imageIndices.get(imageIdOf(item));
    if (counts?.[index] === 0 || image === undefined || !dataset.hasCategory(categoryIdOf(item))) return;
    images[index] = image;
    categories[index] = dataset.labelOf(categoryIdOf(item)) - 1;
    order[count++] = index;
  });
  return { order: order.subarray(0, count), images, categories };
}

/** What each category's row says besides its scores. */
function categoryNumbers(
  dataset: CocoDataset,
  isCounted: (annotation: CocoAnnotation) => boolean,
  truths: Grouped,
  detections: Grouped,
): { categoryId: number; name: string; numTruths: number; numDetections: number }[] {
  return dataset.categories.map(({ id, name }, k) => ({
    categoryId: id,
    name,
    numTruths: truths.order
      .subarray(truths.starts[k], truths.starts[k + 1])
      .filter((g) => isCounted(dataset.annotations[g])).length,
    numDetections: detections.starts[k + 1] - detections.starts[k],
  }));
}
