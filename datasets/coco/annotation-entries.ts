import { isDeepStrictEqual } from 'node:util';
import type { CocoAnnotation, CocoCategory, CocoImage } from './annotations';
import { Counted } from './counted';
import { idFault, isId, isObject, type ImageEntries } from './entries';
import { countLabeled, keypointFaults, saysNoKeypoints } from './keypoints/keypoint-faults';
import { segmentationFaults } from './masks/segmentation-faults';
import { shownValue, type Fault, type Problem, type ProblemKind, type ProblemList } from './problems';

/** Which annotations, and what of them, is to be read. */
export interface AnnotationOptions {
  /** Masks take most of the memory of a large file, and boxes do not need them. Default false. */
  readonly keepSegmentations?: boolean;
  /** Refuse masks that cannot be used, of those that are kept. Default false: they stay as the file has them. */
  readonly checkSegmentations?: boolean;
  /** Keypoints of objects, and of categories their names, skeletons and sigmas; what cannot be used is refused. Default false. */
  readonly keepKeypoints?: boolean;
  /**
   * Leave invalid images out with all of their annotations, and invalid annotations with their images and all of the others
   * there, rather than refuse the file: an image that lost only the annotation would say that an object is background.
   * What concerns the file as a whole or its categories, which say what labels mean, and annotations that do not say of which
   * image they are, are refused all the same. Default false.
   */
  readonly skipInvalid?: boolean;
}

/** What users are told of good annotations. */
class Notes {
  private readonly withoutArea = new Counted('have no "area": width * height of the box is used');
  private readonly withoutCrowd = new Counted('have no "iscrowd": 0 is used');
  private readonly withoutSize = new Counted('have a box without width or height: training leaves them out');
  private readonly reachingOut = new Counted('reach beyond their image: training clips them');
  private hasIdZero = false;

  add({ id, bbox, area, iscrowd }: Good, image: CocoImage): void {
    if (area === undefined) this.withoutArea.add(id);
    if (iscrowd === undefined) this.withoutCrowd.add(id);
    if (bbox[2] === 0 || bbox[3] === 0) this.withoutSize.add(id);
    else if (reachesOut(bbox, image)) this.reachingOut.add(id);
    // What is found in a crowd does not count anyway.
    if (id === 0 && !iscrowd) this.hasIdZero = true;
  }

  lines(): string[] {
    const counted = [this.withoutArea, this.withoutCrowd, this.withoutSize, this.reachingOut];
    return [...counted.flatMap((kind) => kind.note()), ...(this.hasIdZero ? [ID_ZERO_NOTE] : [])];
  }
}

const ID_ZERO_NOTE =
  'An annotation has id 0. pycocotools takes 0 for "not found", so evaluation counts this object as missed even where it is ' +
  'found, as pycocotools does. Training is not affected; `rcnn check --repair` gives the annotation another id.';

/** The keypoints of an annotation that nothing is wrong with. */
function keptKeypoints({
  keypoints,
  num_keypoints: numKeypoints,
}: Good): Pick<CocoAnnotation, 'keypoints' | 'numKeypoints'> {
  if (keypoints === undefined || saysNoKeypoints(keypoints)) return {};
  const count = Number.isSafeInteger(numKeypoints) ? (numKeypoints as number) : countLabeled(keypoints);
  return { keypoints, numKeypoints: count };
}

/** What the list of annotations holds, as far as it can be used. */
export interface AnnotationEntries {
  /** The good ones of good images, in the order of the file. */
  readonly annotations: readonly CocoAnnotation[];
  /** What is left out with something that is wrong, though nothing is wrong with it: images, then annotations. */
  readonly leftOutToo: readonly Problem[];
  /** One for each kind of thing that is put right, or that users should know of. */
  readonly notes: readonly string[];
}

/**
 * Checks annotations one by one; what is wrong goes into `problems`. Where it is left out, its image becomes invalid: without
 * the annotation, an object of it would count as background.
 *
 * @param withoutImage gets, instead of `problems`, what cannot be left out where the rest is to be used: no image that is known
 *   to have lost an object could be left out with it.
 */
export function readAnnotations(
  entries: readonly unknown[],
  images: ImageEntries,
  categories: ReadonlyMap<number, CocoCategory>,
  { problems, withoutImage }: { readonly problems: ProblemList; readonly withoutImage: ProblemList },
  options: AnnotationOptions,
): AnnotationEntries {
  const { keepSegmentations = false, keepKeypoints = false, skipInvalid = false } = options;
  const { refused, incomplete } = findFaults(
    entries,
    images,
    categories,
    { problems, withoutImage },
    options,
  );
  const leftOutToo: Problem[] = [];
  for (const [imageId, annotation] of incomplete) {
    if (!skipInvalid || images.invalid.has(imageId)) continue;
    images.invalid.add(imageId);
    leftOutToo.push({
      kind: 'incomplete image',
      place: `images[${images.indices.get(imageId)!}]`,
      imageId,
      reason: `annotations[${annotation}] is left out: an object of this image would count as background`,
    });
  }

  const notes = new Notes();
  const annotations: CocoAnnotation[] = [];
  entries.forEach((entry, index) => {
    if (refused.has(index)) return;
    const {
      id,
      image_id: imageId,
      category_id: categoryId,
      bbox,
      area,
      iscrowd,
      segmentation,
    } = entry as Good;
    if (!images.invalid.has(imageId)) {
      annotations.push({
        id,
        imageId,
        categoryId,
        bbox,
        area: area ?? bbox[2] * bbox[3],
        isCrowd: Boolean(iscrowd),
        ...(keepSegmentations && segmentation !== undefined && { segmentation }),
        ...(keepKeypoints && keptKeypoints(entry as Good)),
      });
      notes.add(entry as Good, images.byId.get(imageId)!);
    } else if (skipInvalid) {
      const reason = 'its image is left out';
      const place = `annotations[${index}]`;
      leftOutToo.push({ kind: 'image left out', place, imageId, annotationId: id, reason });
    }
  });
  return { annotations, leftOutToo, notes: notes.lines() };
}

/** An annotation that nothing is wrong with. */
interface Good {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly [number, number, number, number];
  readonly area?: number;
  readonly iscrowd?: number | boolean;
  readonly segmentation?: unknown;
  readonly keypoints?: readonly number[];
  readonly num_keypoints?: unknown;
}

/** @returns places of wrong annotations; images that have lost one, and the first one's place. */
function findFaults(
  entries: readonly unknown[],
  images: ImageEntries,
  categories: ReadonlyMap<number, CocoCategory>,
  { problems, withoutImage }: { readonly problems: ProblemList; readonly withoutImage: ProblemList },
  options: AnnotationOptions,
): { readonly refused: ReadonlySet<number>; readonly incomplete: ReadonlyMap<number, number> } {
  const first = new Map<number, Readonly<Record<string, unknown>>>();
  const refused = new Set<number>();
  const incomplete = new Map<number, number>();
  entries.forEach((entry, index) => {
    if (!isObject(entry)) {
      const reason = `this is ${shownValue(entry)}, not an object`;
      refused.add(index);
      withoutImage.add({ kind: 'structure', place: `annotations[${index}]`, reason });
      return;
    }
    const { id, image_id: imageId, category_id: categoryId, bbox, area, iscrowd } = entry;
    const image = isId(imageId) ? images.byId.get(imageId) : undefined;
    const refuse = (
      kind: ProblemKind,
      key: string,
      reason: string,
      losesObject = true,
      code?: string,
    ): void => {
      refused.add(index);
      if (image !== undefined && losesObject && !incomplete.has(image.id)) incomplete.set(image.id, index);
      const ids = { ...(isId(imageId) && { imageId }), ...(isId(id) && { annotationId: id }) };
      const list = isId(imageId) ? problems : withoutImage;
      list.add({ kind, ...(code && { code }), place: `annotations[${index}].${key}`, reason, ...ids });
    };

    const earlier = isId(id) ? first.get(id) : undefined;
    if (!isId(id)) refuse('id', 'id', idFault(id));
    else if (earlier === undefined) first.set(id, entry);
    else refuse('duplicate id', 'id', `id ${id} occurs more than once`, !isSameObject(entry, earlier));

    if (!isId(imageId)) refuse('id', 'image_id', idFault(imageId));
    else if (image === undefined) refuse('unknown image', 'image_id', `there is no image ${imageId}`);

    if (!isId(categoryId)) refuse('id', 'category_id', idFault(categoryId));
    else if (!categories.has(categoryId)) {
      refuse('unknown category', 'category_id', `there is no category ${categoryId}`);
    }

    const wrongBox = boxFault(bbox, image);
    if (wrongBox !== undefined) refuse('box', 'bbox', wrongBox);
    if (area !== undefined && !(Number.isFinite(area) && (area as number) >= 0)) {
      refuse('area', 'area', `it is ${shownValue(area)}, not a number from 0 up`);
    }
    if (iscrowd !== undefined && ![0, 1, false, true].includes(iscrowd as number)) {
      refuse('iscrowd', 'iscrowd', `it is ${shownValue(iscrowd)}, neither 0 nor 1`);
    }
    // The size of an invalid image may be no number.
    if (image === undefined || images.invalid.has(image.id)) return;
    const category = isId(categoryId) ? categories.get(categoryId) : undefined;
    for (const { kind, place, reason, code } of shapeFaults(entry, image, category, options)) {
      refuse(kind, place, reason, true, code);
    }
  });
  return { refused, incomplete };
}

/** What is wrong with the mask and the keypoints of an annotation, as far as that is asked for. */
function shapeFaults(
  entry: Readonly<Record<string, unknown>>,
  image: CocoImage,
  category: CocoCategory | undefined,
  { checkSegmentations = false, keepKeypoints = false }: AnnotationOptions,
): Fault[] {
  const ofMask = checkSegmentations ? segmentationFaults(entry.segmentation, image) : [];
  const ofKeypoints = keepKeypoints ? keypointFaults(entry, category?.keypoints?.length, image) : [];
  // "num_keypoints" that says another number than there are keeps nobody from training.
  return [...ofMask, ...ofKeypoints.filter(({ kind }) => kind !== 'num_keypoints')];
}

/** What is wrong with the four numbers of a box; the image is missing where it is unknown. */
function boxFault(bbox: unknown, image: CocoImage | undefined): string | undefined {
  if (bbox === undefined) return 'the box is missing';
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every((value) => typeof value === 'number')) {
    return `the box is ${shownValue(bbox)}, not four numbers [x, y, width, height]`;
  }
  const [x, y, width, height] = bbox as [number, number, number, number];
  if (![x, y, width, height].every(Number.isFinite)) return `the box [${bbox.join(', ')}] is not finite`;
  if (![x + width, y + height, width * height].every(Number.isFinite))
    return `the box ${shownValue(bbox)} is too large to compute with`;
  if (width < 0 || height < 0) return `the box ${shownValue(bbox)} has a negative width or height`;
  // The size of an invalid image may be no number.
  if (!(image && image.width > 0 && image.height > 0)) return undefined;
  if (isOutside(x, width, image.width) || isOutside(y, height, image.height)) {
    return `the box ${shownValue(bbox)} is wholly outside the image of ${image.width} x ${image.height}`;
  }
  return undefined;
}

/** A stretch of no length may lie on the border. */
function isOutside(start: number, length: number, end: number): boolean {
  return length > 0 ? start >= end || start + length <= 0 : start > end || start < 0;
}

/** Sums of decimals such as 603.37 + 36.63 overshoot by a rounding error; that is not worth a note. */
const TOLERANCE = 1e-6;

/** Whether two entries with one id are of the same object, exported twice: nothing is lost with one of them. */
function isSameObject(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const { image_id: imageId, category_id: categoryId, bbox } = a;
  return imageId === b.image_id && categoryId === b.category_id && isDeepStrictEqual(bbox, b.bbox);
}

/** Whether a box is partly outside of its image. */
export function reachesOut(
  [x, y, width, height]: CocoAnnotation['bbox'],
  image: Pick<CocoImage, 'width' | 'height'>,
): boolean {
  return x < 0 || y < 0 || x + width > image.width + TOLERANCE || y + height > image.height + TOLERANCE;
}
