import { InputError } from '../../detection/errors';
import { readAnnotations } from './annotation-entries';
import { CategoryMap, type CocoCategory } from './category-map';
import { checkedEntries, keepEntry, readCategories, readImages, type ImageEntries } from './entries';
import { readJsonFile } from './json-file';
import { ProblemList, type Problem, type ProblemKind } from './problems';

export interface CocoImage {
  readonly id: number;
  /** Relative to the folder of the images; empty where the file gives none and no folder is in use. */
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
}

export type { CocoCategory };

export interface CocoAnnotation {
  readonly id: number;
  readonly imageId: number;
  readonly categoryId: number;
  /** x, y, width, height in pixels, as the file has it: it may reach beyond the image or have no size. */
  readonly bbox: readonly [number, number, number, number];
  /** As the file has it, or width * height of the box. */
  readonly area: number;
  readonly isCrowd: boolean;
  /** Unchecked, as the file has it; see segmentationToRle. Absent unless asked for. */
  readonly segmentation?: unknown;
}

/**
 * A COCO instances file says something that cannot be used, or pictures that it names cannot. All of it is in the
 * message, and in `problems`.
 */
export class AnnotationError extends InputError {
  override readonly name = 'AnnotationError';

  constructor(
    readonly file: string,
    /** Kind by kind: at least the first 20 of each. */
    readonly problems: readonly Problem[],
    message: string,
  ) {
    super(message);
  }
}

export interface CocoReadOptions {
  /** Masks take most of the memory of a large file, and boxes do not need them. Default false. */
  readonly keepSegmentations?: boolean;
  /**
   * Leave invalid annotations out, and invalid images with all of their annotations, rather than refuse the file.
   * What concerns the file as a whole or its categories, which say what labels mean, is refused all the same.
   * Default false.
   */
  readonly skipInvalid?: boolean;
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

/** What `skipInvalid` has left out. */
export interface LeftOut {
  /** Number of entries of the file's list of images. */
  readonly images: number;
  /** Number of entries of the file's list of annotations. */
  readonly annotations: number;
  /** Why: at least one for each, more where more is wrong with it. */
  readonly problems: readonly Problem[];
}

const NOTHING: LeftOut = { images: 0, annotations: 0, problems: [] };

/** What a COCO instances file holds. */
export class CocoDataset {
  private readonly imagesById: ReadonlyMap<number, CocoImage>;
  /** Labels go by the order of the ids. */
  readonly categoryMap: CategoryMap;
  private readonly byImage = new Map<number, CocoAnnotation[]>();

  constructor(
    readonly file: string,
    /** Folder of the pictures; null where none are needed. */
    readonly imageFolder: string | null,
    /** Sorted by id. */
    readonly images: readonly CocoImage[],
    /** Sorted by id; may have gaps. */
    readonly categories: readonly CocoCategory[],
    /** In the order of the file. */
    readonly annotations: readonly CocoAnnotation[],
    /** What was filled in, or will be clipped or left out: one line each, for the user. */
    readonly notes: readonly string[],
    readonly leftOut: LeftOut = NOTHING,
  ) {
    this.imagesById = new Map(images.map((image) => [image.id, image]));
    this.categoryMap = new CategoryMap(categories, file);
    for (const annotation of annotations) {
      const sameImage = this.byImage.get(annotation.imageId);
      if (sameImage === undefined) this.byImage.set(annotation.imageId, [annotation]);
      else sameImage.push(annotation);
    }
  }

  imageOf(imageId: number): CocoImage | undefined {
    return this.imagesById.get(imageId);
  }

  /** In the order of the file; empty for an image without objects. */
  annotationsOf(imageId: number): readonly CocoAnnotation[] {
    return this.byImage.get(imageId) ?? [];
  }

  hasCategory(categoryId: number): boolean {
    return this.categoryMap.has(categoryId);
  }

  /** 1..K in the order of the ids. */
  labelOf(categoryId: number): number {
    return this.categoryMap.labelOf(categoryId);
  }

  /** @param label 1..K */
  categoryOf(label: number): CocoCategory {
    return this.categoryMap.categoryOf(label);
  }
}

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
