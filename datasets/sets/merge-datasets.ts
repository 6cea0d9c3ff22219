import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../detection/errors';
import { staysInFolder } from '../coco/file-name';
import { shownValue } from '../coco/problems';
import type { CocoFile, CocoFileAnnotation } from '../coco/coco-file';
import { CategoryUnion } from './category-union';
import { ImageUnion } from './image-union';
import { LicenseUnion } from './license-union';
import { NewIds } from './new-ids';

/** One of the data sets that are merged. */
export interface MergeSource {
  /** Names it in messages. */
  readonly name: string;
  /** Its contents. */
  readonly file: CocoFile;
  /** Put before the file name of each image: the folder of its pictures below the common one. Default: nothing. */
  readonly prefix?: string;
}

/** How data sets are merged. */
export interface MergeOptions {
  /**
   * What becomes of a picture that two data sets have, by its file name with the prefix. `refuse` (default): nothing is
   * merged. `join`: it gets the annotations of both; an object that both have with the same category and box, it gets once.
   */
  readonly samePictures?: 'refuse' | 'join';
}

/** Data sets that have become one. */
export interface MergedDataset {
  /** The whole. */
  readonly file: CocoFile;
  /** What has been renumbered, joined or left out: one line each, for the user. */
  readonly notes: readonly string[];
}

/** What is merged entry by entry. */
const MERGED: readonly string[] = ['images', 'annotations', 'categories', 'licenses'];

/**
 * Merges data sets. Categories are the same where their names are; those of the first data set come first. Ids stay where
 * they are free, and are renumbered where they are taken. All other keys of the entries stay as they are; of the keys of
 * the files as a whole, such as `info`, those of the first file count that has them.
 *
 * @throws InputError where two data sets have the same picture, unless it is to be joined; and where they say different
 *   sizes of it.
 */
export function mergeDatasets(
  sources: readonly MergeSource[],
  { samePictures = 'refuse' }: MergeOptions = {},
): MergedDataset {
  const categories = new CategoryUnion();
  const images = new ImageUnion(samePictures === 'join');
  const licenses = new LicenseUnion();
  const ids = new NewIds();
  const annotations: CocoFileAnnotation[] = [];
  const others: Record<string, unknown> = {};
  const notes: string[] = [];
  let numTwice = 0;

  for (const { name, file, prefix = '' } of sources) {
    if (prefix !== '' && !staysInFolder(`${prefix}x`)) {
      throw new InputError(
        'merge-prefix',
        `${shownValue(prefix)} leads out of the folder of the images; a prefix is a folder below it`,
        { prefix },
      );
    }
    for (const [key, value] of Object.entries(file)) {
      if (MERGED.includes(key)) continue;
      if (!(key in others)) others[key] = value;
      else if (key !== 'info' && !isDeepStrictEqual(value, others[key]))
        notes.push(`${name}: its key ${key} is left out; that of another file counts`);
    }
    const categoryIds = categories.add(name, file.categories);
    const licenseIds = licenses.add(file.licenses ?? []);
    const { ids: imageIds, joined } = images.add(name, file.images, prefix, licenseIds);
    const known = objectsOf(annotations, joined);
    const moved = file.annotations.map((annotation) => ({
      ...annotation,
      image_id: imageIds.get(annotation.image_id)!,
      category_id: categoryIds.get(annotation.category_id)!,
    }));
    const added = moved.filter((annotation) => !known.has(objectKey(annotation)));
    numTwice += moved.length - added.length;
    const newIds = ids.add(added.map(({ id }) => id));
    added.forEach((annotation, index) => annotations.push({ ...annotation, id: newIds[index] }));
    const numRenumbered = added.filter(({ id }, index) => id !== newIds[index]).length;
    if (numRenumbered > 0)
      notes.push(`${name}: ${numRenumbered} of ${file.annotations.length} annotations have other ids now`);
  }
  images.requireDifferent();
  if (numTwice > 0) notes.push(`${numTwice} objects are the same in several files and stand here once`);
  return {
    file: {
      ...others,
      ...(licenses.licenses.length > 0 && { licenses: licenses.licenses }),
      images: images.images,
      annotations,
      categories: categories.categories,
    },
    notes: [...categories.idNotes, ...categories.nameNotes, ...images.notes, ...notes],
  };
}

/** Of the images that are joined, what tells their objects apart. */
function objectsOf(
  annotations: readonly CocoFileAnnotation[],
  imageIds: ReadonlySet<number>,
): ReadonlySet<string> {
  if (imageIds.size === 0) return new Set();
  return new Set(annotations.filter(({ image_id: image }) => imageIds.has(image)).map(objectKey));
}

function objectKey({ image_id, category_id, bbox, iscrowd }: CocoFileAnnotation): string {
  return JSON.stringify([image_id, category_id, bbox, Boolean(iscrowd)]);
}
