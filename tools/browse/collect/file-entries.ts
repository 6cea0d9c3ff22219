import { isObject, keepEntry } from '../../../datasets/coco/entries';
import { readJsonFile } from '../../../datasets/coco/json/json-file';
import type { PageBox, PageShape } from '../page-data';

/** An image of a COCO file, as the file has it: nothing of it is checked. */
export interface FileImage {
  /** Place in the file's list. */
  readonly index: number;
  readonly id: unknown;
  /** Empty where the file gives none. */
  readonly fileName: string;
  /** NaN where the file gives none. */
  readonly width: number;
  readonly height: number;
}

/** An annotation of a COCO file, as the file has it. */
export interface FileAnnotation {
  /** Place in the file's list. */
  readonly index: number;
  readonly id: unknown;
  readonly imageId: unknown;
  readonly categoryId: unknown;
  readonly box?: PageBox;
  /** That of the box where the file gives none. */
  readonly area: number;
  readonly isCrowd: boolean;
  /** Of what is valid: its mask and keypoints. */
  readonly shape?: PageShape;
}

/** What a COCO file says of its pictures, right or wrong. */
export interface FileEntries {
  readonly images: readonly FileImage[];
  readonly annotations: readonly FileAnnotation[];
  /** Id as text, and name. */
  readonly categories: ReadonlyMap<string, string>;
}

/**
 * Reads a COCO file without judging it; entries that are no objects are left out. For pages that show what is wrong.
 *
 * @throws JsonFileError
 */
export async function readFileEntries(file: string): Promise<FileEntries> {
  const root = await readJsonFile(file, (entry, key) => keepEntry(entry, key));
  const list = (key: string): readonly unknown[] => {
    const value = isObject(root) ? root[key] : undefined;
    return Array.isArray(value) ? value : [];
  };
  return {
    images: list('images').flatMap((entry, index) => (isObject(entry) ? [fileImage(entry, index)] : [])),
    annotations: list('annotations').flatMap((entry, index) =>
      isObject(entry) ? [fileAnnotation(entry, index)] : [],
    ),
    categories: new Map(
      list('categories').flatMap((entry): [string, string][] =>
        isObject(entry) && typeof entry.name === 'string' ? [[idText(entry.id), entry.name]] : [],
      ),
    ),
  };
}

/** An id as text: annotation tools write numbers as text too. Empty for what is no id at all. */
export function idText(id: unknown): string {
  return typeof id === 'number' || typeof id === 'string' ? String(id) : '';
}

type Entry = Readonly<Record<string, unknown>>;

function fileImage({ id, file_name: fileName, width, height }: Entry, index: number): FileImage {
  return {
    index,
    id,
    fileName: typeof fileName === 'string' ? fileName : '',
    width: lengthOf(width),
    height: lengthOf(height),
  };
}

function fileAnnotation(entry: Entry, index: number): FileAnnotation {
  const { id, image_id: imageId, category_id: categoryId, bbox, area, iscrowd } = entry;
  const box = boxOf(bbox);
  return {
    index,
    id,
    imageId,
    categoryId,
    ...(box && { box }),
    area: typeof area === 'number' && area >= 0 ? area : (box?.[2] ?? 0) * (box?.[3] ?? 0),
    isCrowd: iscrowd === 1 || iscrowd === true,
  };
}

function lengthOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : NaN;
}

function boxOf(value: unknown): PageBox | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [x, y, width, height] = value as unknown[];
  const sides = [x, y, width, height].filter((side) => typeof side === 'number' && Number.isFinite(side));
  return sides.length === 4 ? (sides as [number, number, number, number]) : undefined;
}
