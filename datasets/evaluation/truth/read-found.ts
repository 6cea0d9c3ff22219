import { isObject } from '../../coco/entries';
import { readJsonFile } from '../../coco/json/json-file';
import { checkDetections, type CocoDetection } from '../detections';
import type { IouType } from '../parameters';
import { Counted } from './counted';
import type { FileIds } from './file-ids';
import { isOfOtherSize, OTHER_MASK_SIZE } from './mask-size';
import type { Truth } from './read-truth';
import { NON_FINITE_BOX } from './truth-notes';

/** The detections of an evaluation. */
export interface Found {
  /** In the order of the file, with the ids of the truth's data set. */
  readonly detections: readonly CocoDetection[];
  /** What the user should know of them: one line each. */
  readonly notes: readonly string[];
}

/**
 * Reads the detections of an evaluation: whatever pycocotools evaluates, in the way that it does, but for scores that are NaN.
 * Evaluate them with `nonFinite`.
 *
 * @throws JsonFileError where the file is no JSON, DetectionsError where it is, but wrong
 */
export async function readFound(file: string, truth: Truth, iouType: IouType): Promise<Found> {
  const root = await readJsonFile(file, undefined, { nonFinite: true });
  const numbered = Array.isArray(root) ? root.map((entry: unknown) => withNumbers(entry, truth)) : root;
  const detections = checkDetections(numbered, truth.dataset, file, { nonFinite: true });
  const trueScores = new Counted();
  (root as readonly Readonly<Record<string, unknown>>[]).forEach(({ score }, index) => {
    if (isBoolean(score)) trueScores.add(`[${index}]`);
  });
  const notes = [
    ...trueScores.note('Detections whose score is true or false', 'As in Python, that is 1 and 0.'),
    ...notesOf(detections, truth, iouType),
  ];
  return { detections, notes };
}

/** A detection whose ids are those of the truth's data set: mostly what the file has. */
function withNumbers(detection: unknown, { imageIds, categoryIds }: Truth): unknown {
  if (!isObject(detection)) return detection;
  const { image_id: givenImage, category_id: givenCategory, score, bbox } = detection;
  const imageId = idIn(imageIds, givenImage);
  const categoryId = idIn(categoryIds, givenCategory);
  const hasBoolean = isBoolean(score) || (Array.isArray(bbox) && bbox.some(isBoolean));
  if (imageId === givenImage && categoryId === givenCategory && !hasBoolean) return detection;
  return {
    ...detection,
    image_id: imageId,
    category_id: categoryId,
    score: withoutBoolean(score),
    bbox: Array.isArray(bbox) ? bbox.map(withoutBoolean) : bbox,
  };
}

/** Unknown ids stay, to be refused or not to count; a number becomes text where it would be taken for that of a text. */
function idIn(ids: FileIds, id: unknown): unknown {
  return ids.numberOf(id) ?? (ids.areText && typeof id === 'number' ? String(id) : id);
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** In Python, true and false are the numbers 1 and 0. */
function withoutBoolean(value: unknown): unknown {
  return isBoolean(value) ? Number(value) : value;
}

function notesOf(detections: readonly CocoDetection[], { dataset }: Truth, iouType: IouType): string[] {
  const negative = new Counted();
  const nonFinite = new Counted();
  const infiniteScores = new Counted();
  const otherSizes = new Counted();
  detections.forEach(({ image_id: imageId, score, bbox = [], segmentation }, index) => {
    const place = `[${index}]`;
    if (bbox[2] < 0 || bbox[3] < 0) negative.add(place);
    if (!bbox.every(Number.isFinite)) nonFinite.add(place);
    if (!Number.isFinite(score)) infiniteScores.add(place);
    if (iouType === 'segm' && isOfOtherSize(segmentation, dataset.imageOf(imageId)!)) otherSizes.add(place);
  });
  return [
    ...negative.note(
      'Detections with a negative width or height',
      'They overlap nothing and count as wrong.',
    ),
    ...nonFinite.note('Detections whose box has NaN or an infinite number', NON_FINITE_BOX),
    ...infiniteScores.note(
      'Detections with an infinite score',
      'They come before all others, or behind them.',
    ),
    ...otherSizes.note('Masks of detections of another size than their image', OTHER_MASK_SIZE),
  ];
}
