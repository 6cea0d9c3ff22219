import type { CocoDataset } from '../coco/annotations';
import type { CocoCategory } from '../coco/categories/category-map';
import { describeMatch } from '../coco/categories/describe-match';
import { matchCategories, type DetectorCategory } from '../coco/categories/match-categories';
import { meantCategories } from '../coco/categories/meant-categories';
import { detectionLimits } from '../../detection/modeling/detection-limits';
import type { IouType } from '../../detection/modeling/detector';
import type { PictureDetector } from '../inference/picture-detector';
import type { Detections } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import { cocoResults } from './detect-images';
import type { CocoDetection } from './detections';
import { evaluateDetections, type CocoEvaluation } from './evaluate';
import { evaluateTasks, type Task } from './evaluate-tasks';
import { federatedNotes, federatedOf } from './matching/federated';

/** What an evaluation has to know of the detector that has found something. */
export interface DetectorFacts {
  /** By label - 1. */
  readonly categories: readonly DetectorCategory[];
  /** What is evaluated. */
  readonly iouTypes: readonly IouType[];
  /** Of a detector that finds keypoints: which. */
  readonly keypoints?: KeypointLayout;
  /** At most. */
  readonly detectionsPerImage: number;
}

/**
 * What an evaluation has to know of a detector.
 *
 * @param categories the detector's, with ids where it has any. Default: its names
 * @param iouTypes what is evaluated of what it finds
 */
export function detectorFacts(
  detector: PictureDetector,
  { categories, iouTypes }: { categories?: readonly DetectorCategory[]; iouTypes: readonly IouType[] },
): DetectorFacts {
  return {
    categories: categories ?? detector.categories.map((name) => ({ name })),
    iouTypes: detector.iouTypes.filter((type) => iouTypes.includes(type)),
    ...(detector.keypoints && { keypoints: detector.keypoints }),
    detectionsPerImage: detectionLimits(detector).detectionsPerImage,
  };
}

/** The evaluation of a detector on a data set. */
export interface DetectorEvaluation {
  /** COCO's evaluation of the boxes. */
  readonly evaluation: CocoEvaluation;
  /** COCO's evaluation of masks and keypoints, of a detector that finds them, on a data set that has them. */
  readonly tasks: Partial<Record<Task, CocoEvaluation>>;
  /** What was evaluated on: the data set that was given, or what is left of it without pictures that broke. */
  readonly dataset: CocoDataset;
  /** What was detected, by image id. */
  readonly detections: ReadonlyMap<number, Detections>;
  /** The same as COCO's results files have it; masks where they are evaluated. */
  readonly results: readonly CocoDetection[];
  /** What the detector's labels mean to the data set, by label - 1; of categories that it lacks, with ids that it lacks. */
  readonly meant: readonly CocoCategory[];
  /** Means over the images of the set, where they have been computed. */
  readonly losses?: Readonly<Record<string, number>>;
}

/** How what a detector has found is evaluated. */
export interface EvaluateFoundOptions extends Omit<DetectorFacts, 'categories'> {
  /** What the detector's labels mean to the data set, by label - 1. */
  readonly meant: readonly CocoCategory[];
  /** Of keypoints; default: the detector's, or `keypointSigmas`. */
  readonly sigmas?: readonly number[];
  /** Gets a line about each thing that does not go together. */
  readonly log: (line: string) => void;
}

/**
 * Scores what a detector has found against the truth.
 *
 * @param detections by image id, in the order of the data set; images that are not among them do not count
 */
export function evaluateFound(
  dataset: CocoDataset,
  detections: ReadonlyMap<number, Detections>,
  { meant, iouTypes, keypoints, detectionsPerImage, sigmas, log }: EvaluateFoundOptions,
): DetectorEvaluation {
  const evaluated = withOnly(dataset, detections);
  const results = cocoResults(iouTypes.includes('segm') ? detections : withoutMasks(detections), meant);
  const federated = federatedOf(evaluated);
  if (federated) {
    for (const note of federatedNotes(dataset, results, detectionsPerImage)) log(note);
  }
  const evaluation = evaluateDetections(evaluated, results, { iouType: 'bbox', federated });
  const tasks = evaluateTasks(evaluated, detections, {
    tasks: iouTypes.filter((type) => type !== 'bbox'),
    meant,
    sigmas,
    log,
    ...(keypoints && { keypoints }),
  });
  return { evaluation, tasks, dataset: evaluated, detections, results, meant };
}

/**
 * A data set's categories that the labels of a detector mean, by label - 1; says what does not go together.
 *
 * @throws InputError where they have no category in common.
 */
export function categoriesIn(
  dataset: CocoDataset,
  { categories }: Pick<DetectorFacts, 'categories'>,
  log: (line: string) => void,
): CocoCategory[] {
  const match = matchCategories(categories, dataset.categories);
  const meant = meantCategories(match, dataset);
  for (const line of describeMatch(match, dataset.file)) log(line);
  return meant;
}

/** Of many detections, it takes long to compress the masks. */
function withoutMasks(found: ReadonlyMap<number, Detections>): Map<number, Detections> {
  return new Map([...found].map(([imageId, detections]) => [imageId, { ...detections, masks: undefined }]));
}

/** An image that nobody has looked at says nothing of a detector: its objects are not missed. */
function withOnly(dataset: CocoDataset, seen: ReadonlyMap<number, Detections>): CocoDataset {
  const { images, annotations } = dataset;
  if (seen.size === images.length) return dataset;
  return dataset.with({
    images: images.filter(({ id }) => seen.has(id)),
    annotations: annotations.filter(({ imageId }) => seen.has(imageId)),
  });
}
