import { InputError } from '../../detection/errors';
import { groupBy } from '../group-by';
import { CategoryMap, type CocoCategory } from './categories/category-map';
import type { Problem } from './problems';

/** An image of a COCO file. */
export interface CocoImage {
  /** Id of the image, unique in the file. */
  readonly id: number;
  /** Relative to the folder of the images; empty where the file gives none and no folder is in use. */
  readonly fileName: string;
  /** Width in pixels, of the picture as it is shown. */
  readonly width: number;
  /** Height in pixels, of the picture as it is shown. */
  readonly height: number;
  /** Of LVIS's files: ids of the categories that are known not to be in the image (`neg_category_ids`). */
  readonly absentCategories?: readonly number[];
  /** Of LVIS's files: ids of the categories of which not all objects are known (`not_exhaustive_category_ids`). */
  readonly incompleteCategories?: readonly number[];
}

export type { CocoCategory };

/** An object of an image. */
export interface CocoAnnotation {
  /** Id of the annotation, unique in the file. */
  readonly id: number;
  /** Id of the image that the object is in. */
  readonly imageId: number;
  /** Id of the object's category. */
  readonly categoryId: number;
  /**
   * x, y, width, height in pixels of the picture as it is shown. Otherwise as the file has it: it may reach beyond the image or have
   * no size.
   */
  readonly bbox: readonly [number, number, number, number];
  /** As the file has it, or width * height of the box. */
  readonly area: number;
  /**
   * Whether it stands for a group of objects: detectors do not train on it, and evaluation counts what is found in it
   * neither as right nor as wrong.
   */
  readonly isCrowd: boolean;
  /** Whether what lies in it is no background either in training: `withIgnoreRegions` says which are. Default false. */
  readonly isIgnored?: boolean;
  /** As the file has it, unchecked unless that was asked for; see segmentationToRle. Absent unless asked for. */
  readonly segmentation?: unknown;
  /**
   * x, y, visibility of each of the category's keypoints: 0 is not labeled, 1 hidden, 2 visible. Absent unless asked for, and of
   * objects that have none.
   */
  readonly keypoints?: readonly number[];
  /** As the file has it, or how many of `keypoints` are labeled. COCO's evaluation ignores objects of which it is 0. */
  readonly numKeypoints?: number;
}

/**
 * A COCO instances file says something that cannot be used, or pictures that it names cannot. All of it is in the
 * message, and in `problems`.
 */
export class AnnotationError extends InputError {
  override readonly name = 'AnnotationError';

  /** @internal */
  constructor(
    /** The annotation file. */
    readonly file: string,
    /** Kind by kind: at least the first 20 of each. */
    readonly problems: readonly Problem[],
    message: string,
  ) {
    super('annotations-invalid', message);
  }
}

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

/**
 * What a COCO instances file holds. Sizes and boxes are those of pictures as they are shown: turned where they have an EXIF
 * orientation. Where it was read without a folder of pictures, they are as the file has them.
 */
export class CocoDataset {
  private readonly imagesById: ReadonlyMap<number, CocoImage>;
  /** Labels go by the order of the ids. */
  readonly categoryMap: CategoryMap;
  private readonly byImage: ReadonlyMap<number, readonly CocoAnnotation[]>;

  /**
   * A data set of these images and objects.
   *
   * @param file names the set in messages.
   */
  constructor(
    /** The annotation file. */
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
    /** What was invalid, where it was read with `skipInvalid`. */
    readonly leftOut: LeftOut = NOTHING,
  ) {
    this.imagesById = new Map(images.map((image) => [image.id, image]));
    this.categoryMap = new CategoryMap(categories, file);
    this.byImage = groupBy(annotations, ({ imageId }) => imageId);
  }

  /** @internal The same but for what is given. */
  with(changes: Partial<Pick<CocoDataset, 'images' | 'categories' | 'annotations' | 'notes'>>): CocoDataset {
    const { file, imageFolder, images, categories, annotations, notes, leftOut } = { ...this, ...changes };
    return new CocoDataset(file, imageFolder, images, categories, annotations, notes, leftOut);
  }

  /** The image with this id; undefined where there is none. */
  imageOf(imageId: number): CocoImage | undefined {
    return this.imagesById.get(imageId);
  }

  /** In the order of the file; empty for an image without objects. */
  annotationsOf(imageId: number): readonly CocoAnnotation[] {
    return this.byImage.get(imageId) ?? [];
  }

  /** Whether the set has a category with this id. */
  hasCategory(categoryId: number): boolean {
    return this.categoryMap.has(categoryId);
  }

  /** 1..K in the order of the ids. */
  labelOf(categoryId: number): number {
    return this.categoryMap.labelOf(categoryId);
  }

  /**
   * The category that a label stands for.
   *
   * @param label 1..K
   */
  categoryOf(label: number): CocoCategory {
    return this.categoryMap.categoryOf(label);
  }
}
