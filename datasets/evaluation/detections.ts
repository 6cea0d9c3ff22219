import { InputError } from '../../detection/errors';
import type { CocoDataset } from '../coco/annotations';
import { idFault, isId, isObject } from '../coco/entries';
import { readJsonFile } from '../coco/json-file';
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

/**
 * Whether detections are given by boxes, rather than by masks: the first decides for all, as in pycocotools'
 * loadRes.
 */
export function areBoxes(detections: readonly CocoDetection[]): boolean {
  return detections.length > 0 && detections[0].bbox !== undefined && detections[0].bbox.length > 0;
}

/**
 * Refuses what pycocotools refuses, and scores and boxes that are no finite numbers: a box with a NaN would match any object
 * there. Detections of unknown categories are fine here, and no one counts them.
 *
 * @param source Named in messages.
 * @param options nonFinite: boxes may have NaN and infinite numbers, and scores may be infinite, as in pycocotools.
 * @throws DetectionsError
 */
export function checkDetections(
  detections: unknown,
  dataset: CocoDataset,
  source: string,
  { nonFinite = false } = {},
): readonly CocoDetection[] {
  const problems = new ProblemList();
  if (!Array.isArray(detections)) {
    const what = isObject(detections) ? 'an object' : shownValue(detections);
    const reason = `this is ${what}; a list of detections is expected`;
    problems.add({ kind: 'structure', place: 'the file', reason });
    throw new DetectionsError(source, problems.problems, problems.describe(source));
  }
  const first: unknown = detections[0];
  const byBoxes =
    isObject(first) && first.bbox !== undefined && !(Array.isArray(first.bbox) && first.bbox.length === 0);
  detections.forEach((detection: unknown, index) =>
    checkDetection(detection, index, { byBoxes, nonFinite, dataset }, problems),
  );
  if (!problems.isEmpty) throw new DetectionsError(source, problems.problems, problems.describe(source));
  return detections as readonly CocoDetection[];
}

function checkDetection(
  detection: unknown,
  index: number,
  { byBoxes, nonFinite, dataset }: { byBoxes: boolean; nonFinite: boolean; dataset: CocoDataset },
  problems: ProblemList,
): void {
  const refuse = (kind: ProblemKind, key: string, reason: string): void => {
    problems.add({ kind, place: `[${index}]${key}`, reason });
  };
  if (!isObject(detection)) {
    refuse('structure', '', `this is ${shownValue(detection)}, not an object`);
    return;
  }
  const { image_id: imageId, category_id: categoryId, score, bbox, segmentation } = detection;
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
  if (byBoxes || (bbox !== undefined && !(Array.isArray(bbox) && bbox.length === 0))) {
    const isBox = Array.isArray(bbox) && bbox.length === 4 && bbox.every(isNumber);
    if (!isBox)
      refuse('box', '.bbox', `the box is ${shownValue(bbox)}, not four numbers [x, y, width, height]`);
  } else if (segmentation === undefined) {
    refuse('segmentation', '', 'there is neither "bbox" nor "segmentation"');
  }
}
