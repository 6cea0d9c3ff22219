import { isDeepStrictEqual } from 'node:util';
import type { CocoFileAnnotation, CocoFileCategory, CocoFileImage } from '../coco/coco-file';
import type { DatasetPart } from './dataset-part';

/** Keys that are a part of what any format holds, or are told of in their own way. */
const KNOWN = {
  images: ['id', 'file_name', 'width', 'height'],
  annotations: ['id', 'image_id', 'category_id', 'bbox', 'area', 'iscrowd', 'segmentation'],
  categories: ['id', 'name'],
} as const;
/** Lists of a file, and what is told of as a whole. */
const LISTS: readonly string[] = ['images', 'annotations', 'categories'];
/** An area that is computed from a box may differ by rounding. */
const AREA_TOLERANCE = 1e-6;

/** Whether nothing is lost where a value is: it is absent, null, or an empty list or object. */
export function saysNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || isDeepStrictEqual(value, []) || isDeepStrictEqual(value, {})
  );
}

/** Counts what a format has no place for. */
export class NotKept {
  private readonly counts = new Map<string, number>();

  /** @param keys of images, annotations and categories that the format has a place for. */
  constructor(
    private readonly format: string,
    private readonly keys: Readonly<Partial<Record<keyof typeof KNOWN, readonly string[]>>> = {},
  ) {}

  /** @param what in the plural: `crowds`. */
  add(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Counts what nothing but a COCO file has: keys of the file, its categories and its images. */
  addPart({ file }: DatasetPart): void {
    for (const [key, value] of Object.entries(file)) {
      if (!LISTS.includes(key) && !saysNothing(value)) this.add(`files’ ${key}`);
    }
    for (const category of file.categories) this.addKeys('categories', category);
    for (const image of file.images) this.addKeys('images', image);
  }

  /**
   * Counts the keys of an object that the format has no place for, and an area that is not its box's.
   *
   * @param hasOutline whether the format has the object's outline, which gives its area.
   */
  addAnnotation(annotation: CocoFileAnnotation, hasOutline = false): void {
    this.addKeys('annotations', annotation);
    const { area, bbox } = annotation;
    if (hasOutline) return;
    if (area !== undefined && Math.abs(area - bbox[2] * bbox[3]) > AREA_TOLERANCE * Math.max(1, area))
      this.add('areas that differ from their boxes’');
  }

  /** One line, or none where all is kept. */
  notes(): string[] {
    if (this.counts.size === 0) return [];
    const listed = [...this.counts].map(([what, count]) => `${what} (${count})`).join(', ');
    return [`not kept, since ${this.format} has no place for it: ${listed}`];
  }

  private addKeys(
    list: keyof typeof KNOWN,
    entry: CocoFileAnnotation | CocoFileImage | CocoFileCategory,
  ): void {
    const kept: readonly string[] = [...KNOWN[list], ...(this.keys[list] ?? [])];
    for (const [key, value] of Object.entries(entry)) {
      if (!kept.includes(key) && !saysNothing(value)) this.add(`${list}’ ${key}`);
    }
  }
}
