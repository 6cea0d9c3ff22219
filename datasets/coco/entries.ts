import type { CocoCategory, CocoImage } from './annotations';
import { categoryKeypoints } from './keypoints/category-keypoints';
import { frequencyOf, nameInUrl, searchedFor } from './federated-entries';
import { staysInFolder } from './file-name';
import { shownValue, type ProblemKind, type ProblemList } from './problems';

/** The three lists of an instances file, their entries unchecked. */
export interface Entries {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly categories: readonly unknown[];
}

type Entry = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Entry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What is looked at of an entry of the file's lists: the rest, most of a large file, need not stay in memory. Masks and keypoints
 * do stay, if they are asked for.
 */
export function keepEntry(
  entry: unknown,
  key: string,
  {
    keepSegmentations = false,
    keepKeypoints = false,
  }: { readonly keepSegmentations?: boolean; readonly keepKeypoints?: boolean } = {},
): unknown {
  if (key === 'categories' || !isObject(entry)) return entry;
  if (key === 'images') {
    const { id, file_name, coco_url, width, height, neg_category_ids, not_exhaustive_category_ids } = entry;
    return {
      ...{ id, file_name, width, height },
      ...(file_name === undefined && { coco_url }),
      ...(neg_category_ids !== undefined && { neg_category_ids }),
      ...(not_exhaustive_category_ids !== undefined && { not_exhaustive_category_ids }),
    };
  }
  if (key !== 'annotations') return undefined;
  const { id, image_id, category_id, bbox, area, iscrowd, segmentation, keypoints, num_keypoints } = entry;
  return {
    ...{ id, image_id, category_id, bbox, area, iscrowd },
    ...(keepSegmentations && { segmentation }),
    ...(keepKeypoints && { keypoints, num_keypoints }),
  };
}

/** Checks that the file is an object with the three lists; where it is not, the lists are empty. */
export function checkedEntries(root: unknown, problems: ProblemList): Entries {
  if (!isObject(root)) {
    const what = Array.isArray(root) ? 'a list (of detections?)' : shownValue(root);
    const reason = `this is ${what}; an object with "images", "annotations" and "categories" is expected`;
    problems.add({ kind: 'structure', place: 'the file', reason });
    return { images: [], annotations: [], categories: [] };
  }
  const list = (key: keyof Entries, mayBeEmpty: boolean): readonly unknown[] => {
    const value = root[key];
    if (!Array.isArray(value)) {
      const reason = value === undefined ? 'the list is missing' : `this is ${shownValue(value)}, not a list`;
      problems.add({ kind: 'structure', place: key, reason });
      return [];
    }
    if (value.length === 0 && !mayBeEmpty) {
      problems.add({ kind: 'structure', place: key, reason: 'the list is empty' });
    }
    return value;
  };
  return {
    images: list('images', false),
    annotations: list('annotations', true),
    categories: list('categories', false),
  };
}

/** Whole numbers that JSON.parse has not rounded: larger ones have lost their last digits and name another thing. */
export function isId(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

export function idFault(value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value))
    return 'the id is beyond 2^53 - 1, where ids cannot be told apart';
  return value === undefined ? 'the id is missing' : `the id is ${shownValue(value)}, not a whole number`;
}

/** The images of a file as far as they have an id. */
export interface ImageEntries {
  /** Those that are invalid too: what refers to them is not lost on its way. */
  readonly byId: ReadonlyMap<number, CocoImage>;
  /** Place of each in the list of the file. */
  readonly indices: ReadonlyMap<number, number>;
  /** Ids of images that cannot be used. */
  readonly invalid: Set<number>;
  /** Of the invalid ones, those that nothing but another entry with their id is wrong with. */
  readonly ambiguous: ReadonlySet<number>;
  /** How many have no name but that in their URL. */
  readonly namedByUrl: number;
}

/** Checks images one by one; what is wrong goes into `problems`. */
export function readImages(
  entries: readonly unknown[],
  needsFileNames: boolean,
  problems: ProblemList,
  nameHint: (fileName: string) => string | undefined = () => undefined,
): ImageEntries {
  const indices = new Map<number, number>();
  const invalid = new Set<number>();
  const ambiguous = new Set<number>();
  let namedByUrl = 0;
  const read = (entry: Entry, id: number, place: string, index: number): CocoImage => {
    indices.set(id, index);
    const refuse = (kind: ProblemKind, key: string, reason: string): void => {
      invalid.add(id);
      problems.add({ kind, place: `${place}.${key}`, imageId: id, reason });
    };
    const { width, height } = entry;
    const fileName = nameOf(entry);
    if (entry.file_name === undefined && fileName !== undefined) namedByUrl++;
    for (const [key, side] of [
      ['width', width],
      ['height', height],
    ] as const) {
      if (Number.isSafeInteger(side) && (side as number) > 0) continue;
      const reason =
        side === undefined ? 'it is missing' : `it is ${shownValue(side)}, not a whole number from 1 up`;
      refuse('size', key, reason);
    }
    const wrongName = fileNameFault(fileName, needsFileNames);
    if (wrongName !== undefined) {
      const hint = typeof fileName === 'string' ? nameHint(fileName) : undefined;
      refuse('file name', 'file_name', hint === undefined ? wrongName : `${wrongName}; ${hint}`);
    }
    return {
      id,
      fileName: typeof fileName === 'string' ? fileName : '',
      width: typeof width === 'number' ? width : NaN,
      height: typeof height === 'number' ? height : NaN,
      ...searchedFor(entry, (category) => (isId(category) ? category : undefined)),
    };
  };
  // Annotations of an id that two pictures share could mean either.
  const readAgain = (entry: Entry, first: CocoImage): void => {
    const isSame =
      (nameOf(entry) ?? '') === first.fileName &&
      entry.width === first.width &&
      entry.height === first.height;
    if (isSame || invalid.has(first.id)) return;
    invalid.add(first.id);
    ambiguous.add(first.id);
  };
  const byId = readById('images', entries, problems, read, readAgain);
  return { byId, indices, invalid, ambiguous, namedByUrl };
}

/** LVIS's images have URLs only. */
function nameOf({ file_name: name, coco_url: url }: Entry): unknown {
  return name === undefined ? nameInUrl(url) : name;
}

function fileNameFault(fileName: unknown, isNeeded: boolean): string | undefined {
  if (fileName === undefined) return isNeeded ? 'it is missing' : undefined;
  if (typeof fileName !== 'string' || fileName === '')
    return `it is ${shownValue(fileName)}, not a file name`;
  return staysInFolder(fileName)
    ? undefined
    : `${shownValue(fileName)} leads out of the folder of the images`;
}

/**
 * @param keepKeypoints whether names, skeletons and sigmas of keypoints are read too.
 * @returns Those that have an id, by id.
 */
export function readCategories(
  entries: readonly unknown[],
  problems: ProblemList,
  keepKeypoints = false,
): Map<number, CocoCategory> {
  return readById('categories', entries, problems, (entry, id, place) => {
    const { name } = entry;
    if (typeof name !== 'string') {
      const reason = name === undefined ? 'it is missing' : `it is ${shownValue(name)}, not text`;
      problems.add({ kind: 'name', place: `${place}.name`, reason });
    }
    return {
      id,
      name: typeof name === 'string' ? name : '',
      ...(keepKeypoints && categoryKeypoints(entry, place, problems)),
      ...frequencyOf(entry),
    };
  });
}

function readById<T>(
  list: 'images' | 'categories',
  entries: readonly unknown[],
  problems: ProblemList,
  read: (entry: Entry, id: number, place: string, index: number) => T,
  readAgain?: (entry: Entry, first: T) => void,
): Map<number, T> {
  const byId = new Map<number, T>();
  entries.forEach((entry, index) => {
    const place = `${list}[${index}]`;
    if (!isObject(entry)) {
      problems.add({ kind: 'structure', place, reason: `this is ${shownValue(entry)}, not an object` });
    } else if (!isId(entry.id)) {
      problems.add({ kind: 'id', place: `${place}.id`, reason: idFault(entry.id) });
    } else if (byId.has(entry.id)) {
      problems.add({
        kind: 'duplicate id',
        place: `${place}.id`,
        ...(list === 'images' && { imageId: entry.id }),
        reason: `id ${entry.id} occurs more than once`,
      });
      readAgain?.(entry, byId.get(entry.id)!);
    } else {
      byId.set(entry.id, read(entry, entry.id, place, index));
    }
  });
  return byId;
}
