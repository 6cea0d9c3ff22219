import type { CocoAnnotation, CocoImage } from '../../coco/annotations';
import { isObject } from '../../coco/entries';
import { shownValue, type ProblemKind, type ProblemList } from '../../coco/problems';
import { rleArea, RleError } from '../../coco/masks/rle';
import { segmentationToRle } from '../../coco/masks/segmentation';
import type { IouType } from '../parameters';
import type { FileIds } from './file-ids';
import { TruthKeypoints } from './truth-keypoints';
import { hasHalfCorner, type TruthNotes } from './truth-notes';

type Box = [number, number, number, number];

/** An annotation with what pycocotools takes for its identity. */
interface Identified {
  readonly id: unknown;
  /** None of an annotation that does not count. */
  readonly annotation?: CocoAnnotation;
}

/** What annotations refer to, and where goes what there is to say of them. */
export interface TruthContext {
  readonly images: readonly CocoImage[];
  readonly imageIds: FileIds;
  readonly categoryIds: FileIds;
  readonly iouType: IouType;
  /** LVIS has no crowds, and objects may say that they are ignored. */
  readonly isFederated: boolean;
  /** Gets what pycocotools fails on. */
  readonly problems: ProblemList;
  readonly notes: TruthNotes;
}

/**
 * The annotations that pycocotools evaluates, in its order. Those of images or categories that the file lacks are left out; where
 * several have one id, each is replaced by the last of them.
 */
export function truthAnnotations(entries: readonly unknown[], context: TruthContext): CocoAnnotation[] {
  const sizes = new Map(context.images.map((image) => [image.id, image]));
  const keypoints = new TruthKeypoints(context.notes);
  const read = entries.flatMap((entry, index) => readEntry(entry, index, sizes, keypoints, context));
  return lastOfEachId(read, context.notes);
}

/** None where it is refused. */
function readEntry(
  entry: unknown,
  index: number,
  sizes: ReadonlyMap<number, CocoImage>,
  truthKeypoints: TruthKeypoints,
  { imageIds, categoryIds, iouType, isFederated, problems, notes }: TruthContext,
): Identified[] {
  const refuse = (kind: ProblemKind, key: string, reason: string): [] => {
    problems.add({ kind, place: `annotations[${index}]${key}`, reason });
    return [];
  };
  if (!isObject(entry)) return refuse('structure', '', `this is ${shownValue(entry)}, not an object`);
  const { id, segmentation } = entry;
  if (id === undefined) return refuse('id', '.id', 'the id is missing');
  const imageId = imageIds.numberOf(entry.image_id);
  const categoryId = categoryIds.numberOf(entry.category_id);
  if (imageId === undefined || categoryId === undefined) {
    if (imageId === undefined) notes.ofUnknownImage(index, entry.image_id);
    else notes.ofUnknownCategory(index, entry.category_id);
    return [{ id }];
  }
  const box = readBox(entry.bbox);
  if (typeof box === 'string' && iouType !== 'segm') return refuse('box', '.bbox', box);
  const crowd = isFederated ? { isCrowd: false, isIgnored: Boolean(entry.ignore) } : readCrowd(entry.iscrowd);
  if (typeof crowd === 'string') return refuse('iscrowd', '.iscrowd', crowd);
  const image = sizes.get(imageId)!;
  const area = readArea(entry.area, box, iouType === 'segm' ? segmentation : undefined, image);
  if (typeof area === 'string') return refuse('area', '.area', area);
  // Masks do without boxes.
  const bbox: Box = iouType === 'segm' ? [0, 0, 0, 0] : (box as Box);
  const keypoints = iouType === 'keypoints' ? truthKeypoints.read(entry, `annotations[${index}]`) : undefined;
  if (typeof keypoints === 'string') return refuse('keypoints', '.keypoints', keypoints);
  notes.ofAnnotation(index, isFederated ? { ...entry, iscrowd: 0 } : entry, bbox, image);
  const annotation = {
    id: numberOfId(id),
    imageId,
    categoryId,
    bbox,
    // An area that is in no range: as in pycocotools, the object is ignored in all of them.
    area: crowd.isIgnored ? -1 : area,
    isCrowd: crowd.isCrowd,
    ...(iouType === 'segm' && { segmentation: withWholeCorners(segmentation) }),
    ...keypoints,
  };
  return [{ id, annotation }];
}

/** pycocotools looks annotations up by their ids, image by image. */
function lastOfEachId(read: readonly Identified[], notes: TruthNotes): CocoAnnotation[] {
  const last = new Map(read.map(({ id, annotation }) => [id, annotation]));
  const counted = read.flatMap(({ id, annotation }) => (annotation ? [{ id, annotation }] : []));
  if (last.size === read.length) return counted.map(({ annotation }) => annotation);
  notes.ofRepeatedIds(read.length - last.size);
  return counted
    .sort((a, b) => a.annotation.imageId - b.annotation.imageId)
    .flatMap(({ id }) => last.get(id) ?? []);
}

/** All that its number decides is whether it is 0, which pycocotools takes for none. */
function numberOfId(id: unknown): number {
  const number = id === null ? NaN : Number(id);
  return Number.isNaN(number) ? -1 : number;
}

/** The numbers of a box, or what is wrong with it. */
function readBox(bbox: unknown): Box | string {
  if (bbox === undefined) return 'the box is missing';
  const numbers = Array.isArray(bbox) ? bbox.map(numberIn) : [];
  if (numbers.length !== 4 || numbers.includes(undefined)) {
    return `the box is ${shownValue(bbox)}, not four numbers [x, y, width, height]`;
  }
  return numbers as Box;
}

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;
const NAN = /^\s*[-+]?nan\s*$/i;
const INFINITY = /^\s*([-+]?)inf(?:inity)?\s*$/i;

/** pycocotools leaves out the last number of a polygon that has an odd number of them. */
function withWholeCorners(segmentation: unknown): unknown {
  if (!Array.isArray(segmentation) || !segmentation.some(hasHalfCorner)) return segmentation;
  return segmentation.map((polygon: unknown) => (hasHalfCorner(polygon) ? polygon.slice(0, -1) : polygon));
}

/** As numpy, which takes null for NaN and reads numbers from text; undefined of what is none. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  if (value === null) return NaN;
  if (typeof value !== 'string') return undefined;
  if (NUMBER.test(value)) return Number(value);
  const [, sign] = INFINITY.exec(value) ?? [];
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity;
  return NAN.test(value) ? NaN : undefined;
}

/** Where masks are evaluated, a missing area is that of the mask; a malformed one is refused later. */
function readArea(
  area: unknown,
  box: Box | string,
  segmentation: unknown,
  image: CocoImage,
): number | string {
  if (typeof area === 'number' || typeof area === 'boolean') return Number(area);
  if (area !== undefined) return `it is ${shownValue(area)}, not a number`;
  if (segmentation !== undefined) {
    try {
      return rleArea(segmentationToRle(withWholeCorners(segmentation), image));
    } catch (error) {
      if (!(error instanceof RleError)) throw error;
      return 0;
    }
  }
  return typeof box === 'string' ? `it is missing, and ${box}` : box[2] * box[3];
}

/** Whether an object is a crowd, and whether it is ignored without being one; or what is wrong. */
function readCrowd(iscrowd: unknown): { isCrowd: boolean; isIgnored: boolean } | string {
  if (iscrowd === undefined) return { isCrowd: false, isIgnored: false };
  const isText = typeof iscrowd === 'string' && /^\s*[-+]?\d+\s*$/.test(iscrowd);
  const isValue = typeof iscrowd === 'number' || typeof iscrowd === 'boolean';
  const value = isText || isValue ? Math.trunc(Number(iscrowd)) : NaN;
  if (!(value >= 0 && value <= 255)) return `it is ${shownValue(iscrowd)}, neither 0 nor 1`;
  // Any text is true in Python, "0" too, and so is 0.5: the object is ignored. Whether it is a crowd says the whole number.
  const isIgnored = isText || Number(iscrowd) !== 0;
  return { isCrowd: value !== 0, isIgnored: isIgnored && value === 0 };
}
