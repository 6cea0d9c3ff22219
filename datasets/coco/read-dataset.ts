import { groupBy } from '../group-by';
import { readAnnotations, type AnnotationOptions } from './annotation-entries';
import { AnnotationError, CocoDataset, type CocoImage } from './annotations';
import { checkedEntries, keepEntry, readCategories, readImages, type ImageEntries } from './entries';
import { readJsonFile } from './json/json-file';
import { ProblemList, shownValue, type Problem, type ProblemKind } from './problems';
import { turnedPictures, uprightDataset, type TurnedPictures } from './upright';

export interface CocoReadOptions extends AnnotationOptions {
  /**
   * Looks at the pictures of the images that are valid so far, sorted by id, and returns the headers of those that are shown
   * other than stored. Default: reads the headers, and leaves pictures that cannot be read for those who use them.
   */
  readonly checkImages?: (images: readonly CocoImage[], refuse: RefuseImage) => Promise<TurnedPictures>;
  /** What to add to the reason where the name of a picture is refused. */
  readonly nameHint?: (fileName: string) => string | undefined;
  /** Keep all problems of the error, however many are of one kind. Default: the first 20 of each. */
  readonly keepAllProblems?: boolean;
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
 * Missing "area" and "iscrowd" are filled in; boxes without a size or partly outside their image stay, with a note. Where
 * there is a folder, sizes and boxes are those of the pictures as they are shown: see uprightDataset.
 *
 * @param imageFolder null where no pictures will be read: file names may then be missing.
 * @throws JsonFileError where the file is no JSON, AnnotationError where it is, but wrong.
 */
export async function readCocoDataset(
  annotationFile: string,
  imageFolder: string | null,
  options: CocoReadOptions = {},
): Promise<CocoDataset> {
  const root = await readJsonFile(annotationFile, (entry, key) => keepEntry(entry, key, options));
  return checkedDataset(root, annotationFile, imageFolder, options);
}

/**
 * As readCocoDataset, of a file that has been read.
 *
 * @param root what the file holds.
 */
export async function checkedDataset(
  root: unknown,
  annotationFile: string,
  imageFolder: string | null,
  options: CocoReadOptions = {},
): Promise<CocoDataset> {
  const { skipInvalid = false, keepAllProblems = false, keepKeypoints, checkImages, nameHint } = options;
  const problems = new ProblemList(skipInvalid || keepAllProblems ? Infinity : undefined);
  const refuse = (list: ProblemList, why = ''): void => {
    if (list.isEmpty) return;
    throw new AnnotationError(annotationFile, list.problems, list.describe(annotationFile) + why);
  };

  const entries = checkedEntries(root, problems);
  refuse(problems);
  const categories = readCategories(entries.categories, problems, keepKeypoints);
  if (skipInvalid) refuse(problems);
  const imageEntries = readImages(entries.images, imageFolder !== null, problems, nameHint);
  const refuseImage: RefuseImage = (image, kind, key, reason) => {
    imageEntries.invalid.add(image.id);
    const place = `images[${imageEntries.indices.get(image.id)!}].${key}`;
    problems.add({ kind, place, imageId: image.id, reason });
  };
  const turned = await lookAtPictures(validImages(imageEntries), imageFolder, refuseImage, checkImages);
  const withoutImage = skipInvalid ? new ProblemList() : problems;
  const { annotations, leftOutToo, notes } = readAnnotations(
    entries.annotations,
    imageEntries,
    categories,
    { problems, withoutImage },
    options,
  );
  const images = validImages(imageEntries);
  if (skipInvalid && images.length === 0) {
    problems.add({ kind: 'structure', place: 'images', reason: 'none of them is valid' });
  }
  if (!skipInvalid || images.length === 0) refuse(problems);
  refuse(withoutImage, '\n' + NO_IMAGE);

  const leftOut = {
    images: entries.images.length - images.length,
    annotations: entries.annotations.length - annotations.length,
    problems: [...problems.problems, ...ambiguousImages(imageEntries), ...leftOutToo],
  };
  const sortedCategories = [...categories.values()].sort(byId);
  const ofPictures = imageFolder === null ? [] : [...urlNote(imageEntries), ...sharedPictureNote(images)];
  const allNotes = [...notes, ...ofPictures];
  const dataset = new CocoDataset(
    annotationFile,
    imageFolder,
    images,
    sortedCategories,
    annotations,
    allNotes,
    leftOut,
  );
  return uprightDataset(dataset, turned);
}

async function lookAtPictures(
  images: readonly CocoImage[],
  folder: string | null,
  refuseImage: RefuseImage,
  checkImages: CocoReadOptions['checkImages'],
): Promise<TurnedPictures> {
  if (checkImages) return checkImages(images, refuseImage);
  return folder === null ? new Map<number, never>() : turnedPictures(folder, images);
}

const NO_IMAGE =
  'What does not say of which image it is cannot be left out: some image would show its object as background.';

function validImages({ byId: images, invalid }: ImageEntries): CocoImage[] {
  return [...images.values()].filter(({ id }) => !invalid.has(id)).sort(byId);
}

function urlNote({ namedByUrl }: ImageEntries): string[] {
  if (namedByUrl === 0) return [];
  return [
    `Images without "file_name": ${namedByUrl}. They are named by the last two parts of "coco_url", as detectron2 does for LVIS.`,
  ];
}

/** So many pictures are named. */
const NAMED_PICTURES = 3;

function sharedPictureNote(images: readonly CocoImage[]): string[] {
  const shared = [...groupBy(images, ({ fileName }) => fileName)].filter(([, { length }]) => length > 1);
  if (shared.length === 0) return [];
  const named = shared
    .slice(0, NAMED_PICTURES)
    .map(([name, ofOne]) => `${shownValue(name)}: ${ofOne.map(({ id }) => id).join(', ')}`);
  const list = [...named, ...(shared.length > NAMED_PICTURES ? ['...'] : [])].join('; ');
  const stand = shared.length === 1 ? '1 picture stands' : `${shared.length} pictures stand`;
  return [
    `${stand} under several image ids (${list}): what is annotated under one of them is background under the others. ` +
      '`rcnn check --repair` merges them.',
  ];
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
