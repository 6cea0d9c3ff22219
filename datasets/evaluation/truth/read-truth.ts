import { AnnotationError, CocoDataset, type CocoCategory, type CocoImage } from '../../coco/annotations';
import { isObject } from '../../coco/entries';
import { frequencyOf, searchedFor } from '../../coco/federated-entries';
import { readJsonFile } from '../../coco/json/json-file';
import { ProblemList, shownValue } from '../../coco/problems';
import type { IouType } from '../parameters';
import { federatedOf, type Federated } from '../matching/federated';
import { FileIds } from './file-ids';
import { truthAnnotations } from './truth-annotations';
import { TruthNotes } from './truth-notes';

/** The ground truth of an evaluation. */
export interface Truth {
  /** Ids that are text are numbered in it, and images without a size have 0. */
  readonly dataset: CocoDataset;
  /** What the ids of the file's images stand for in it. */
  readonly imageIds: FileIds;
  /** What the ids of the file's categories stand for in it. */
  readonly categoryIds: FileIds;
  /** Of a file of LVIS, what is known of each image. Undefined of others. */
  readonly federated: Federated | undefined;
}

/**
 * Reads the ground truth of an evaluation: whatever pycocotools evaluates, in the way that it does, with notes where the user
 * would be misled. Training is stricter: see readCocoDataset.
 *
 * @throws JsonFileError where the file is no JSON, AnnotationError where pycocotools fails on it too
 */
export async function readTruth(file: string, iouType: IouType): Promise<Truth> {
  const root = await readJsonFile(file, (entry, key) => keepEntry(entry, key, iouType), { nonFinite: true });
  const problems = new ProblemList();
  const lists = truthLists(root, problems);
  const imageIds = idsOf('images', lists.images, problems);
  const categoryIds = idsOf('categories', lists.categories, problems);
  const notes = new TruthNotes(iouType);
  if (imageIds.areText) notes.ofText('images');
  if (categoryIds.areText) notes.ofText('categories');
  notes.ofFractions('images', imageIds.fractions);
  notes.ofFractions('categories', categoryIds.fractions);
  const images = lastOfEach(lists.images, 'images', imageIds, notes, (entry, id) =>
    imageOf(entry, id, categoryIds),
  );
  const categories = lastOfEach(lists.categories, 'categories', categoryIds, notes, categoryOf);
  notes.ofSizes(images);
  const federated = federatedOf({ images, categories });
  const annotations = truthAnnotations(lists.annotations, {
    images,
    imageIds,
    categoryIds,
    iouType,
    isFederated: federated !== undefined,
    problems,
    notes,
  });
  if (!problems.isEmpty) throw new AnnotationError(file, problems.problems, problems.describe(file));
  const dataset = new CocoDataset(file, null, images, categories, annotations, notes.lines());
  return { dataset, imageIds, categoryIds, federated };
}

/** What an evaluation looks at of an entry of the file's lists. */
function keepEntry(entry: unknown, key: string, iouType: IouType): unknown {
  if (key === 'categories' || !isObject(entry)) return entry;
  if (key === 'images') {
    const { id, width, height, neg_category_ids, not_exhaustive_category_ids } = entry;
    return { id, width, height, neg_category_ids, not_exhaustive_category_ids };
  }
  if (key !== 'annotations') return undefined;
  const { id, image_id, category_id, bbox, area, iscrowd, ignore } = entry;
  const kept = { id, image_id, category_id, bbox, area, iscrowd, ignore };
  if (iouType === 'segm') return { ...kept, segmentation: entry.segmentation };
  if (iouType === 'bbox') return kept;
  return { ...kept, keypoints: entry.keypoints, num_keypoints: entry.num_keypoints };
}

type Entry = Readonly<Record<string, unknown>>;
type Lists = Readonly<Record<'images' | 'categories' | 'annotations', readonly unknown[]>>;

/** pycocotools needs images and categories, if only an empty list of these. */
function truthLists(root: unknown, problems: ProblemList): Lists {
  const list = (key: keyof Lists, value: unknown, mayBeMissing: boolean): readonly unknown[] => {
    if (Array.isArray(value)) return value;
    if (value !== undefined || !mayBeMissing) {
      const reason = value === undefined ? 'the list is missing' : `this is ${shownValue(value)}, not a list`;
      problems.add({ kind: 'structure', place: key, reason });
    }
    return [];
  };
  if (!isObject(root)) {
    const what = Array.isArray(root) ? 'a list (of detections?)' : shownValue(root);
    const reason = `this is ${what}; an object with "images", "annotations" and "categories" is expected`;
    problems.add({ kind: 'structure', place: 'the file', reason });
    return { images: [], categories: [], annotations: [] };
  }
  return {
    images: list('images', root.images, false),
    categories: list('categories', root.categories, false),
    annotations: list('annotations', root.annotations, true),
  };
}

function idsOf(list: 'images' | 'categories', entries: readonly unknown[], problems: ProblemList): FileIds {
  const values = entries.map((entry) => (isObject(entry) ? entry.id : undefined));
  const ids = new FileIds(values);
  values.forEach((value, index) => {
    if (ids.numberOf(value) !== undefined) return;
    problems.add({ kind: 'id', place: `${list}[${index}].id`, reason: ids.faultOf(value) });
  });
  return ids;
}

/** What the entries of a list say, by the order of their ids. */
function lastOfEach<T extends { id: number }>(
  entries: readonly unknown[],
  list: 'images' | 'categories',
  ids: FileIds,
  notes: TruthNotes,
  read: (entry: Entry, id: number) => T,
): T[] {
  const byId = new Map<number, T>();
  const good = entries.filter(isObject);
  for (const entry of good) {
    const id = ids.numberOf(entry.id);
    if (id !== undefined) byId.set(id, read(entry, id));
  }
  if (byId.size < good.length) notes.ofRepeated(list, good.length - byId.size);
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

/** Boxes need no size, and pictures are not read. */
function imageOf(entry: Entry, id: number, categoryIds: FileIds): CocoImage {
  const size = { width: sideOf(entry.width), height: sideOf(entry.height) };
  return { id, fileName: '', ...size, ...searchedFor(entry, (category) => categoryIds.numberOf(category)) };
}

function sideOf(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : 0;
}

function categoryOf(entry: Entry, id: number): CocoCategory {
  const { id: given, name, keypoints, sigmas } = entry;
  return {
    id,
    name: typeof name === 'string' ? name : `category ${shownValue(given)}`,
    ...(isListOf(keypoints, 'string') && { keypoints }),
    ...(isListOf(sigmas, 'number') && { sigmas }),
    ...frequencyOf(entry),
  };
}

function isListOf(value: unknown, type: 'string'): value is readonly string[];
function isListOf(value: unknown, type: 'number'): value is readonly number[];
function isListOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === type);
}
