import type { CocoAnnotation, CocoCategory, CocoImage } from './annotations';
import { idFault, isId, isObject, type ImageEntries } from './entries';
import { shownValue, type Problem, type ProblemKind, type ProblemList } from './problems';

/** Which annotations, and what of them, is to be read. */
export interface AnnotationOptions {
  /** Masks take most of the memory of a large file, and boxes do not need them. Default false. */
  readonly keepSegmentations?: boolean;
  /**
   * Leave invalid annotations out, and invalid images with all of their annotations, rather than refuse the file.
   * What concerns the file as a whole or its categories, which say what labels mean, is refused all the same.
   * Default false.
   */
  readonly skipInvalid?: boolean;
}

/** Things that are put right, counted, with the first few annotation ids. */
class Repairs {
  private count = 0;
  private readonly ids: number[] = [];

  constructor(private readonly what: string) {}

  add(annotationId: number): void {
    this.count++;
    if (this.ids.length < LISTED_IDS) this.ids.push(annotationId);
  }

  note(): string[] {
    if (this.count === 0) return [];
    const ids = this.ids.join(', ') + (this.count > LISTED_IDS ? ', ...' : '');
    return [`${this.count} of the annotations ${this.what} (${this.count === 1 ? 'id' : 'ids'} ${ids}).`];
  }
}

const LISTED_IDS = 5;

/**
 * Checks annotations one by one; what is wrong goes into `problems`.
 *
 * @returns The good ones of valid images, in the order of the file; those that nothing is wrong with but their image,
 *   unless all is refused anyway; and one note for each kind of thing that is put right.
 */
export function readAnnotations(
  entries: readonly unknown[],
  images: ImageEntries,
  categories: ReadonlyMap<number, CocoCategory>,
  problems: ProblemList,
  { keepSegmentations = false, skipInvalid = false }: AnnotationOptions,
): { annotations: CocoAnnotation[]; withTheirImage: Problem[]; notes: string[] } {
  const withoutArea = new Repairs('have no "area": width * height of the box is used');
  const withoutCrowd = new Repairs('have no "iscrowd": 0 is used');
  const withoutSize = new Repairs('have a box without width or height: training leaves them out');
  const reachingOut = new Repairs('reach beyond their image: training clips them');
  const seen = new Set<number>();
  const annotations: CocoAnnotation[] = [];
  const withTheirImage: Problem[] = [];

  entries.forEach((entry, index) => {
    if (!isObject(entry)) {
      const reason = `this is ${shownValue(entry)}, not an object`;
      problems.add({ kind: 'structure', place: `annotations[${index}]`, reason });
      return;
    }
    const { id, image_id: imageId, category_id: categoryId, bbox, area, iscrowd, segmentation } = entry;
    let isGood = true;
    const refuse = (kind: ProblemKind, key: string, reason: string): void => {
      isGood = false;
      const ids = { ...(isId(imageId) && { imageId }), ...(isId(id) && { annotationId: id }) };
      problems.add({ kind, place: `annotations[${index}].${key}`, reason, ...ids });
    };

    if (!isId(id)) refuse('id', 'id', idFault(id));
    else if (seen.has(id)) refuse('duplicate id', 'id', `id ${id} occurs more than once`);
    else seen.add(id);

    const image = isId(imageId) ? images.byId.get(imageId) : undefined;
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
    if (!isGood) return;
    if (images.invalid.has(imageId as number)) {
      if (!skipInvalid) return;
      withTheirImage.push({
        kind: 'image left out',
        place: `annotations[${index}]`,
        imageId: imageId as number,
        annotationId: id as number,
        reason: 'its image is left out',
      });
      return;
    }

    const box = bbox as [number, number, number, number];
    annotations.push({
      id: id as number,
      imageId: imageId as number,
      categoryId: categoryId as number,
      bbox: box,
      area: area === undefined ? box[2] * box[3] : (area as number),
      isCrowd: Boolean(iscrowd),
      ...(keepSegmentations && segmentation !== undefined && { segmentation }),
    });
    if (area === undefined) withoutArea.add(id as number);
    if (iscrowd === undefined) withoutCrowd.add(id as number);
    if (box[2] === 0 || box[3] === 0) withoutSize.add(id as number);
    else if (reachesOut(box, image!)) reachingOut.add(id as number);
  });
  return {
    annotations,
    withTheirImage,
    notes: [withoutArea, withoutCrowd, withoutSize, reachingOut].flatMap((r) => r.note()),
  };
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

function reachesOut([x, y, width, height]: CocoAnnotation['bbox'], image: CocoImage): boolean {
  return x < 0 || y < 0 || x + width > image.width + TOLERANCE || y + height > image.height + TOLERANCE;
}
