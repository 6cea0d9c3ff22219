import { InputError } from '../../detection/errors';
import type { CocoDataset } from '../coco/annotations';
import { idFault, isId, isObject } from '../coco/entries';
import { readJsonFile } from '../coco/json/json-file';
import { ProblemList, shownValue, type Problem, type ProblemKind } from '../coco/problems';

/** One detection, as in COCO's results files. */
export interface CocoDetection {
  /** Id of the image that the detection is in. */
  readonly image_id: number;
  /** Id of the detected category in the data set. */
  readonly category_id: number;
  /** Confidence: detections with higher scores are matched first. */
  readonly score: number;
  /** x, y, width, height in pixels. Masks may come without. */
  readonly bbox?: readonly number[];
  /** Unchecked; see segmentationToRle. */
  readonly segmentation?: unknown;
  /** x, y, visibility of each keypoint, in the order of the data set's. */
  readonly keypoints?: readonly number[];
  /** A score for each keypoint, of a detector of ours. Evaluation does not look at them. */
  readonly keypoint_scores?: readonly number[];
}

/** Detections say something that cannot be evaluated. All of it is in the message, and in `problems`. */
export class DetectionsError extends InputError {
  override readonly name = 'DetectionsError';

  /** @internal */
  constructor(
    /** The file, or what else the detections come from. */
    readonly source: string,
    /** The first 20 of each kind. */
    readonly problems: readonly Problem[],
    message: string,
  ) {
    super('detections-invalid', message);
  }
}

/**
 * Reads a COCO results file: a list of detections for images of `dataset`.
 *
 * @throws JsonFileError where the file is no JSON, DetectionsError where it is, but wrong.
 */
export async function readDetections(file: string, dataset: CocoDataset): Promise<readonly CocoDetection[]> {
  return checkDetections(await readJsonFile(file), dataset, file);
}

/** What detections are given by: it says where their areas come from. */
export type ResultKind = 'boxes' | 'masks' | 'keypoints';

type GivenBy = Readonly<Partial<Record<'bbox' | 'segmentation' | 'keypoints', unknown>>>;

/** What detections are given by. The first decides for all, as in pycocotools' loadRes. */
export function kindOfResults([first]: readonly GivenBy[]): ResultKind {
  if (first === undefined || (first.bbox !== undefined && !isEmptyList(first.bbox))) return 'boxes';
  return first.segmentation === undefined && first.keypoints !== undefined ? 'keypoints' : 'masks';
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * Refuses what pycocotools refuses, and scores and boxes that are no finite numbers: a box with a NaN would match any object
 * there. Detections of unknown categories are fine here, and no one counts them.
 *
 * @param source Named in messages.
 * @param options nonFinite: boxes may have NaN and infinite numbers, and scores may be infinite, as in pycocotools. numKeypoints:
 *   each detection has so many; absent where keypoints are not evaluated.
 * @throws DetectionsError
 */
export function checkDetections(
  detections: unknown,
  dataset: CocoDataset,
  source: string,
  { nonFinite = false, numKeypoints }: { nonFinite?: boolean; numKeypoints?: number } = {},
): readonly CocoDetection[] {
  const problems = new ProblemList();
  if (!Array.isArray(detections)) {
    const what = isObject(detections) ? 'an object' : shownValue(detections);
    const reason = `this is ${what}; a list of detections is expected`;
    problems.add({ kind: 'structure', place: 'the file', reason });
    throw new DetectionsError(source, problems.problems, problems.describe(source));
  }
  const first: unknown = detections[0];
  const kind = isObject(first) ? kindOfResults([first]) : 'boxes';
  detections.forEach((detection: unknown, index) =>
    checkDetection(detection, index, { kind, nonFinite, numKeypoints, dataset }, problems),
  );
  if (!problems.isEmpty) throw new DetectionsError(source, problems.problems, problems.describe(source));
  return detections as readonly CocoDetection[];
}

interface CheckContext {
  readonly kind: ResultKind;
  readonly nonFinite: boolean;
  readonly numKeypoints: number | undefined;
  readonly dataset: CocoDataset;
}

function checkDetection(
  detection: unknown,
  index: number,
  { kind, nonFinite, numKeypoints, dataset }: CheckContext,
  problems: ProblemList,
): void {
  const refuse = (kind: ProblemKind, key: string, reason: string): void => {
    problems.add({ kind, place: `[${index}]${key}`, reason });
  };
  if (!isObject(detection)) {
    refuse('structure', '', `this is ${shownValue(detection)}, not an object`);
    return;
  }
  const { image_id: imageId, category_id: categoryId, score, bbox, segmentation, keypoints } = detection;
  if (typeof imageId === 'string') {
    refuse('unknown image', '.image_id', `${dataset.file} has no image ${shownValue(imageId)}, as text`);
  } else if (typeof imageId !== 'number' || dataset.imageOf(imageId) === undefined) {
    if (!isId(imageId)) refuse('id', '.image_id', idFault(imageId));
    else refuse('unknown image', '.image_id', `${dataset.file} has no image ${imageId}`);
  }
  // Any other value is a category that nothing is of.
  if (categoryId === undefined || (typeof categoryId === 'object' && categoryId !== null)) {
    refuse('id', '.category_id', idFault(categoryId));
  }
  const isNumber = (value: unknown): boolean =>
    nonFinite ? typeof value === 'number' : Number.isFinite(value);
  if (!isNumber(score) || Number.isNaN(score)) {
    refuse(
      'score',
      '.score',
      score === undefined ? 'it is missing' : `it is ${shownValue(score)}, not a finite number`,
    );
  }
  if (kind === 'boxes' || (bbox !== undefined && !(Array.isArray(bbox) && bbox.length === 0))) {
    const isBox = Array.isArray(bbox) && bbox.length === 4 && bbox.every(isNumber);
    if (!isBox)
      refuse('box', '.bbox', `the box is ${shownValue(bbox)}, not four numbers [x, y, width, height]`);
  } else if (kind === 'masks' && segmentation === undefined) {
    refuse('segmentation', '', 'there is neither "bbox" nor "segmentation"');
  }
  if (numKeypoints !== undefined || kind === 'keypoints') {
    const fault = keypointsFault(keypoints, numKeypoints);
    if (fault !== undefined) refuse('keypoints', '.keypoints', fault);
  }
}

function keypointsFault(keypoints: unknown, numKeypoints: number | undefined): string | undefined {
  if (keypoints === undefined) return 'it is missing, and keypoints are evaluated';
  if (!Array.isArray(keypoints)) return `it is ${shownValue(keypoints)}, not a list of numbers`;
  const wrong = keypoints.find((value) => !Number.isFinite(value)) as unknown;
  if (wrong !== undefined) return `it has ${shownValue(wrong)}, which is no finite number`;
  const { length } = keypoints;
  if (numKeypoints === undefined)
    return length > 0 && length % 3 === 0
      ? undefined
      : `it has ${length} numbers, not x, y and visibility of each`;
  return length === 3 * numKeypoints
    ? undefined
    : `it has ${length} numbers; ${numKeypoints} keypoints need ${3 * numKeypoints}: x, y and visibility of each`;
}
