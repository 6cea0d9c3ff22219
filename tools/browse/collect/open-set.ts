import { AnnotationError, type CocoDataset } from '../../../datasets/coco/annotations';
import type { Problem } from '../../../datasets/coco/problems';
import { checkedSet } from '../../run/training-data';
import { pageShape } from './page-shape';
import { readFileEntries, type FileAnnotation, type FileEntries, type FileImage } from './file-entries';

/** A data set as its file has it, and what is wrong with it. */
export interface OpenedSet {
  readonly folder: string;
  /** Sizes and boxes of what is valid are those that training uses: of upright pictures. */
  readonly entries: FileEntries;
  /** What is valid, if anything is. */
  readonly valid: ValidPart | undefined;
  /** Everything that `rcnn check` finds, with what would be left out for it. */
  readonly problems: readonly Problem[];
}

export interface ValidPart {
  readonly dataset: CocoDataset;
  /** For each annotation of the data set its place in the file's list. */
  readonly places: readonly number[];
}

/**
 * Reads a data set to be looked at, however much is wrong with it, and looks at its pictures.
 *
 * @throws InputError where the file is no JSON or has no list of images, or there is no such folder.
 */
export async function openSet(annotations: string, folder: string): Promise<OpenedSet> {
  const dataset = await unlessInvalid(() =>
    checkedSet(annotations, folder, { skipInvalid: true, keepShapes: true }),
  );
  const entries = await readFileEntries(annotations);
  if (!(dataset instanceof AnnotationError)) {
    const valid = { dataset, places: placesInFile(dataset, entries.annotations) };
    return { folder, entries: withValid(entries, valid), valid, problems: dataset.leftOut.problems };
  }
  if (entries.images.length === 0) throw dataset;
  // What cannot be left out is told alone; this tells the rest too.
  const refused = await unlessInvalid(() => checkedSet(annotations, folder, { keepAllProblems: true }));
  const { problems } = refused instanceof AnnotationError ? refused : dataset;
  return { folder, entries, valid: undefined, problems };
}

async function unlessInvalid(read: () => Promise<CocoDataset>): Promise<CocoDataset | AnnotationError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof AnnotationError) return error;
    throw error;
  }
}

/** The data set has kept a part of the file's list, in its order. */
function placesInFile({ annotations }: CocoDataset, entries: readonly FileAnnotation[]): readonly number[] {
  let at = 0;
  return annotations.map(({ id, imageId, categoryId }) => {
    const isIt = (entry: FileAnnotation): boolean =>
      entry.id === id && entry.imageId === imageId && entry.categoryId === categoryId;
    while (at < entries.length && !isIt(entries[at])) at++;
    if (at === entries.length) throw new RangeError(`annotation ${id} is not where the file has it`);
    return entries[at++].index;
  });
}

function withValid(entries: FileEntries, { dataset, places }: ValidPart): FileEntries {
  const annotations = new Map(dataset.annotations.map((annotation, k) => [places[k], annotation]));
  return {
    ...entries,
    images: entries.images.map((image): FileImage => {
      const { width, height } = (typeof image.id === 'number' && dataset.imageOf(image.id)) || image;
      return { ...image, width, height };
    }),
    annotations: entries.annotations.map((annotation): FileAnnotation => {
      const valid = annotations.get(annotation.index);
      if (valid === undefined) return annotation;
      return { ...annotation, box: valid.bbox, shape: pageShape(valid, dataset.imageOf(valid.imageId)!) };
    }),
  };
}
