import { InputError } from '../../detection/errors';
import type { CocoDataset } from '../coco/annotations';
import { idFault, isId, isObject } from '../coco/entries';
import { readJsonFile } from '../coco/json-file';
import { ProblemList, shownValue, type Problem, type ProblemKind } from '../coco/problems';
import type { FileIds } from './truth/file-ids';

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
 * @param ids of readTruth; where they are text, those of the detections are numbered too
 * @throws JsonFileError where the file is no JSON, DetectionsError where it is, but wrong.
 */
export async function readDetections(
  file: string,
  dataset: CocoDataset,
  ids?: TruthIds,
): Promise<readonly CocoDetection[]> {
  const detections = await readJsonFile(file);
  return checkDetections(ids === undefined ? detections : numbered(detections, ids), dataset, file);
}

/** What the ids of a file of ground truth stand for: text is numbered. See readTruth. */
export interface TruthIds {
  /** Of its images. */
  readonly imageIds: FileIds;
  /** Of its categories. */
  readonly categoryIds: FileIds;
}

/** Detections whose ids are those of the truth, where these are text. Others stay, to be refused or not to count. */
function numbered(detections: unknown, { imageIds, categoryIds }: TruthIds): unknown {
  if (!Array.isArray(detections) || !(imageIds.areText || categoryIds.areText)) return detections;
  return detections.map((detection: unknown) => {
    if (!isObject(detection)) return detection;
    const { image_id: imageId, category_id: categoryId } = detection;
    return {
      ...detection,
      image_id: imageIds.numberOf(imageId) ?? (imageIds.areText ? String(imageId) : imageId),
      category_id:
        categoryIds.numberOf(categoryId) ?? (categoryIds.areText ? String(categoryId) : categoryId),
    };
  });
}

/** What the user should know of detections that are evaluated, though something in them is odd. */
export function detectionNotes(detections: readonly CocoDetection[]): string[] {
  const negative = detections.filter(({ bbox = [] }) => bbox[2] < 0 || bbox[3] < 0).length;
  if (negative === 0) return [];
  return [
    `Detections with a negative width or height: ${negative}. They overlap nothing and count as wrong.`,
  ];
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
 * @throws DetectionsError
 */
export function checkDetections(
  detections: unknown,
  dataset: CocoDataset,
  source: string,
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
    checkDetection(detection, index, byBoxes, dataset, problems),
  );
  if (!problems.isEmpty) throw new DetectionsError(source, problems.problems, problems.describe(source));
  return detections as readonly CocoDetection[];
}

function checkDetection(
  detection: unknown,
  index: number,
  byBoxes: boolean,
  dataset: CocoDataset,
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
  } else if (!isId(imageId)) refuse('id', '.image_id', idFault(imageId));
  else if (dataset.imageOf(imageId) === undefined) {
    refuse('unknown image', '.image_id', `${dataset.file} has no image ${imageId}`);
  }
  // Any other value is a category that nothing is of.
  if (categoryId === undefined || (typeof categoryId === 'object' && categoryId !== null)) {
    refuse('id', '.category_id', idFault(categoryId));
  }
  if (typeof score !== 'number' || !Number.isFinite(score)) {
    refuse(
      'score',
      '.score',
      score === undefined ? 'it is missing' : `it is ${shownValue(score)}, not a finite number`,
    );
  }
  if (byBoxes || (bbox !== undefined && !(Array.isArray(bbox) && bbox.length === 0))) {
    const isBox = Array.isArray(bbox) && bbox.length === 4 && bbox.every((side) => Number.isFinite(side));
    if (!isBox)
      refuse('box', '.bbox', `the box is ${shownValue(bbox)}, not four numbers [x, y, width, height]`);
  } else if (segmentation === undefined) {
    refuse('segmentation', '', 'there is neither "bbox" nor "segmentation"');
  }
}
