import { CocoDataset } from '../coco/annotations';
import type { CocoCategory } from '../coco/categories/category-map';
import { describeMatch } from '../coco/categories/describe-match';
import { matchCategories, type DetectorCategory } from '../coco/categories/match-categories';
import { meantCategories } from '../coco/categories/meant-categories';
import type { CocoDetection } from './detections';
import { evaluateDetections, type CocoEvaluation } from './evaluate';
import { evaluateTasks, type Task } from './evaluate-tasks';
import { federatedNotes, federatedOf } from './matching/federated';
import { exampleDataset } from './example-dataset';
import { checkedSigmas } from './keypoint-sigmas';
import { cocoExamples, type Example } from '../examples';
import { detectionLimits } from '../../detection/modeling/detection-limits';
import type { Detector, IouType } from '../../detection/modeling/detector';
import type { Detections } from '../../detection/structures/instances';
import { cocoResults, detectSet, type DetectSetOptions } from './detect-images';

export interface EvaluateOptions extends DetectSetOptions {
  /**
   * The detector's categories by label - 1, as `loadDetector` returns them: names decide which of a data set's they are,
   * and ids between several of one name. Default: the detector's names.
   */
  readonly categories?: readonly DetectorCategory[];
  /** What is evaluated beside boxes, of what the detector finds. Default: all of it. */
  readonly iouTypes?: readonly IouType[];
  /** Of keypoints: how far people put each apart, in parts of an object's size. Default: the detector's, or `keypointSigmas`. */
  readonly sigmas?: readonly number[];
  /** Gets a line about each thing that does not go together; if left out, it is a warning of the process. */
  readonly log?: (line: string) => void;
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

/**
 * Runs a detector over a data set and scores what it finds against the truth: boxes, and masks and keypoints where both have
 * them. A COCO file must have been read with these; LVIS's are evaluated as the `lvis` package does. Labels of examples are the
 * detector's own.
 *
 * @throws InputError where the detector and the data set have no category in common, or sigmas are not as many as keypoints; ImageError, where nobody listens for
 *   broken pictures; the signal's reason.
 */
export async function evaluateDetector(
  detector: Detector,
  data: CocoDataset | readonly Example[],
  {
    categories,
    iouTypes = detector.iouTypes,
    sigmas,
    log = (line) => process.emitWarning(line),
    ...options
  }: EvaluateOptions = {},
): Promise<DetectorEvaluation> {
  const isCoco = data instanceof CocoDataset;
  const dataset = isCoco ? data : exampleDataset(data, detector.categories);
  const named = categories ?? detector.categories.map((name) => ({ name }));
  const meant = isCoco ? categoriesIn(dataset, named, log) : dataset.categories;
  const wanted = detector.iouTypes.filter((type) => iouTypes.includes(type));
  if (sigmas && wanted.includes('keypoints')) checkedSigmas(dataset, sigmas);
  const detections = await detectSet(detector, isCoco ? cocoExamples(data) : data, options);
  const evaluated = withOnly(dataset, detections);
  const results = cocoResults(wanted.includes('segm') ? detections : withoutMasks(detections), meant);
  const federated = federatedOf(evaluated);
  if (federated) {
    const { detectionsPerImage } = detectionLimits(detector);
    for (const note of federatedNotes(dataset, results, detectionsPerImage)) log(note);
  }
  const evaluation = evaluateDetections(evaluated, results, { iouType: 'bbox', federated });
  const tasks = evaluateTasks(evaluated, detections, {
    tasks: wanted.filter((type) => type !== 'bbox'),
    meant,
    sigmas,
    log,
    ...(detector.keypoints && { keypoints: detector.keypoints }),
  });
  return { evaluation, tasks, dataset: evaluated, detections, results, meant };
}

/** A data set's categories that the labels of a detector mean, by label - 1; says what does not go together. */
function categoriesIn(
  dataset: CocoDataset,
  ofDetector: readonly DetectorCategory[],
  log: (line: string) => void,
): CocoCategory[] {
  const match = matchCategories(ofDetector, dataset.categories);
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
