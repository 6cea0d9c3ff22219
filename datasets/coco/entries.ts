import type { CocoCategory, CocoImage } from './annotations';
import { staysInFolder } from './file-name';
import { shownValue, type ProblemList } from './problems';

/** The three lists of an instances file, their entries unchecked. */
export interface Entries {
  readonly images: readonly unknown[];
  readonly annotations: readonly unknown[];
  readonly categories: readonly unknown[];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
    return 'the id is beyond 2^53 - 1 and cannot be told apart';
  return value === undefined ? 'the id is missing' : `the id is ${shownValue(value)}, not a whole number`;
}

/** @returns The good ones by id. */
export function readImages(
  entries: readonly unknown[],
  needsFileNames: boolean,
  problems: ProblemList,
): Map<number, CocoImage> {
  return readById('images', entries, problems, (entry, id, place) => {
    const { file_name: fileName, width, height } = entry;
    for (const [key, side] of [
      ['width', width],
      ['height', height],
    ] as const) {
      if (Number.isSafeInteger(side) && (side as number) > 0) continue;
      const reason =
        side === undefined ? 'it is missing' : `it is ${shownValue(side)}, not a whole number from 1 up`;
      problems.add({ kind: 'size', place: `${place}.${key}`, imageId: id, reason });
    }
    const wrongName = fileNameFault(fileName, needsFileNames);
    if (wrongName !== undefined) {
      problems.add({ kind: 'file name', place: `${place}.file_name`, imageId: id, reason: wrongName });
    }
    return {
      id,
      fileName: typeof fileName === 'string' ? fileName : '',
      width: Number(width),
      height: Number(height),
    };
  });
}

function fileNameFault(fileName: unknown, isNeeded: boolean): string | undefined {
  if (fileName === undefined) return isNeeded ? 'it is missing' : undefined;
  if (typeof fileName !== 'string' || fileName === '')
    return `it is ${shownValue(fileName)}, not a file name`;
  return staysInFolder(fileName)
    ? undefined
    : `${shownValue(fileName)} leads out of the folder of the images`;
}

/** @returns The good ones by id. */
export function readCategories(
  entries: readonly unknown[],
  problems: ProblemList,
): Map<number, CocoCategory> {
  return readById('categories', entries, problems, ({ name }, id, place) => {
    if (typeof name !== 'string') {
      const reason = name === undefined ? 'it is missing' : `it is ${shownValue(name)}, not text`;
      problems.add({ kind: 'name', place: `${place}.name`, reason });
    }
    return { id, name: String(name) };
  });
}

function readById<T>(
  list: 'images' | 'categories',
  entries: readonly unknown[],
  problems: ProblemList,
  read: (entry: Readonly<Record<string, unknown>>, id: number, place: string) => T,
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
        reason: `id ${entry.id} occurs more than once`,
      });
    } else {
      byId.set(entry.id, read(entry, entry.id, place));
    }
  });
  return byId;
}
