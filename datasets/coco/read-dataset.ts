import { readAnnotations, type AnnotationOptions } from './annotation-entries';
import { AnnotationError, CocoDataset, type CocoImage } from './annotations';
import { checkedEntries, keepEntry, readCategories, readImages, type ImageEntries } from './entries';
import { readJsonFile } from './json-file';
import { ProblemList, type Problem, type ProblemKind } from './problems';

export interface CocoReadOptions extends AnnotationOptions {
  /** Looks at the pictures of the images that are valid so far; sorted by id. */
  readonly checkImages?: (images: readonly CocoImage[], refuse: RefuseImage) => Promise<void>;
}

/** To be called with what is wrong with an image's picture; `key` is where the file has said otherwise. */
export type RefuseImage = (
  image: CocoImage,
  kind: ProblemKind,
  key: 'file_name' | 'width',
  reason: string,
) => void;

/**
 * Reads a COCO instances file, strictly: what cannot be right is refused, all of it in one message, or left out.
 * Missing "area" and "iscrowd" are filled in; boxes without a size or partly outside their image stay, with a note.
 *
 * @param imageFolder null where no pictures will be read: file names may then be missing.
 * @throws JsonFileError where the file is no JSON, AnnotationError where it is, but wrong.
 */
export async function readCocoDataset(
  annotationFile: string,
  imageFolder: string | null,
  options: CocoReadOptions = {},
): Promise<CocoDataset> {
  const { keepSegmentations = false, skipInvalid = false, checkImages } = options;
  const root = await readJsonFile(annotationFile, (entry, key) => keepEntry(entry, key, keepSegmentations));
  const problems = new ProblemList(skipInvalid ? Infinity : undefined);
  const refuseProblems = (): void => {
    if (problems.isEmpty) return;
    throw new AnnotationError(annotationFile, problems.problems, problems.describe(annotationFile));
  };

  const entries = checkedEntries(root, problems);
  refuseProblems();
  const categories = readCategories(entries.categories, problems);
  if (skipInvalid) refuseProblems();
  const imageEntries = readImages(entries.images, imageFolder !== null, problems);
  await checkImages?.(validImages(imageEntries), (image, kind, key, reason) => {
    imageEntries.invalid.add(image.id);
    const place = `images[${imageEntries.indices.get(image.id)!}].${key}`;
    problems.add({ kind, place, imageId: image.id, reason });
  });
  const images = validImages(imageEntries);
  const { annotations, withTheirImage, notes } = readAnnotations(
    entries.annotations,
    imageEntries,
    categories,
    problems,
    options,
  );
  if (skipInvalid && images.length === 0) {
    problems.add({ kind: 'structure', place: 'images', reason: 'none of them is valid' });
  }
  if (!skipInvalid || images.length === 0) refuseProblems();

  const leftOut = {
    images: entries.images.length - images.length,
    annotations: entries.annotations.length - annotations.length,
    problems: [...problems.problems, ...ambiguousImages(imageEntries), ...withTheirImage],
  };
  const sortedCategories = [...categories.values()].sort(byId);
  return new CocoDataset(annotationFile, imageFolder, images, sortedCategories, annotations, notes, leftOut);
}

function validImages({ byId: images, invalid }: ImageEntries): CocoImage[] {
  return [...images.values()].filter(({ id }) => !invalid.has(id)).sort(byId);
}

function ambiguousImages({ ambiguous, indices }: ImageEntries): Problem[] {
  return [...ambiguous].map((id) => ({
    kind: 'duplicate id',
    place: `images[${indices.get(id)!}].id`,
    imageId: id,
    reason: `id ${id} is also that of another picture: annotations could mean either`,
  }));
}

function byId(a: { id: number }, b: { id: number }): number {
  return a.id - b.id;
}
