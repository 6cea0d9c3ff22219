import { RandomStream } from '../../detection/nn/random';
import { boxIou } from '../../detection/ops/iou';
import type { CocoFile, CocoFileAnnotation } from '../../datasets/coco/coco-file';

/** How annotations are falsified. */
export const PLANTED_KINDS = ['label', 'box', 'missing'] as const;
/** One of `PLANTED_KINDS`. */
export type PlantedKind = (typeof PLANTED_KINDS)[number];

/** An object that the file says something false about, as the file had it before. */
export interface PlantedFault {
  readonly kind: PlantedKind;
  /** Of an object that is missing now: the id that it had. */
  readonly annotation_id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: readonly number[];
}

/** Share of the objects that gets each kind of fault. */
const SHARE = 0.05;

/**
 * Falsifies objects of a COCO file, drawn without repetition: of a twentieth the category is exchanged for another, of a twentieth
 * the box is shifted by half its width or half its height (to where it stays in the picture, if it can), and a twentieth is
 * removed. The same seed plants the same faults.
 */
export function plantFaults(file: CocoFile, seed: number): { faulty: CocoFile; planted: PlantedFault[] } {
  const random = new RandomStream(seed, 'plant-faults');
  const count = Math.round(SHARE * file.annotations.length);
  const drawn = random.sample(Int32Array.from(file.annotations.keys()), 3 * count);
  const kinds = new Map<number, PlantedKind>();
  drawn.forEach((index, i) => kinds.set(index, PLANTED_KINDS[Math.floor(i / count)]));
  const sizes = new Map(file.images.map((image) => [image.id, image]));
  const planted: PlantedFault[] = [];
  const annotations = file.annotations.flatMap((annotation, index) => {
    const kind = kinds.get(index);
    if (kind === undefined) return [annotation];
    const { id, image_id, category_id, bbox } = annotation;
    planted.push({ kind, annotation_id: id, image_id, category_id, bbox });
    if (kind === 'missing') return [];
    if (kind === 'label') {
      const others = file.categories.map((category) => category.id).filter((other) => other !== category_id);
      return [{ ...annotation, category_id: random.pick(others) }];
    }
    return [shifted(annotation, sizes.get(image_id)!, random)];
  });
  return { faulty: { ...file, annotations }, planted };
}

/** Without what would contradict the box: outline, area. */
function shifted(
  annotation: CocoFileAnnotation,
  { width, height }: { readonly width: number; readonly height: number },
  random: RandomStream,
): CocoFileAnnotation {
  const [x, y, w, h] = annotation.bbox;
  const places = [
    [x - w / 2, y],
    [x + w / 2, y],
    [x, y - h / 2],
    [x, y + h / 2],
  ];
  const inside = places.filter(
    ([left, top]) => left >= 0 && top >= 0 && left + w <= width && top + h <= height,
  );
  const [left, top] = random.pick(inside.length > 0 ? inside : places);
  const [x1, y1] = [Math.max(0, left), Math.max(0, top)];
  const [x2, y2] = [Math.min(width, left + w), Math.min(height, top + h)];
  const { id, image_id, category_id } = annotation;
  const bbox: CocoFileAnnotation['bbox'] = [x1, y1, x2 - x1, y2 - y1];
  return { id, image_id, category_id, bbox };
}

/** An entry of a ranking, as `rcnn check --weights W --json` writes it. */
export interface RankedSuspect {
  readonly kind: 'object' | 'missing';
  readonly image_id: number;
  readonly annotation_id?: number;
  /** x, y, width, height in pixels. */
  readonly bbox: readonly number[];
}

/** What the first part of a ranking holds. */
export interface Depth {
  /** Share of the ranking. */
  readonly depth: number;
  /** Its entries. */
  readonly length: number;
  /** Share of them that are planted. */
  readonly precision: number;
  /** Share of all planted faults that is there. */
  readonly recall: number;
  /** The same of each of `PLANTED_KINDS`. */
  readonly byKind: readonly number[];
}

/** An entry finds a missing object that it overlaps as much. */
const FOUND_OVERLAP = 0.5;

/** How many of the planted faults are found in the first shares of a ranking: those of objects by their ids, missing ones by overlap. */
export function foundAtDepths(
  planted: readonly PlantedFault[],
  suspects: readonly RankedSuspect[],
  depths: readonly number[],
): Depth[] {
  const byId = new Map(
    planted.filter(({ kind }) => kind !== 'missing').map((each) => [each.annotation_id, each]),
  );
  const missing = new Map<number, PlantedFault[]>();
  for (const fault of planted) {
    if (fault.kind === 'missing')
      missing.set(fault.image_id, [...(missing.get(fault.image_id) ?? []), fault]);
  }
  const found = suspects.map(({ kind, image_id, annotation_id = NaN, bbox }) =>
    kind === 'object'
      ? byId.get(annotation_id)
      : missing.get(image_id)?.find((fault) => overlapOf(fault.bbox, bbox) >= FOUND_OVERLAP),
  );
  return depths.map((depth) => {
    const length = Math.floor(depth * suspects.length);
    const first = new Set(found.slice(0, length));
    first.delete(undefined);
    const shareOf = (faults: readonly PlantedFault[]): number =>
      faults.filter((fault) => first.has(fault)).length / Math.max(1, faults.length);
    return {
      depth,
      length,
      precision: first.size / Math.max(1, length),
      recall: shareOf(planted),
      byKind: PLANTED_KINDS.map((kind) => shareOf(planted.filter((fault) => fault.kind === kind))),
    };
  });
}

/** Of boxes x, y, width, height. */
function overlapOf(a: readonly number[], b: readonly number[]): number {
  const corners = ([x, y, width, height]: readonly number[]): Float32Array =>
    Float32Array.of(x, y, x + width, y + height);
  return boxIou(corners(a), 0, corners(b), 0);
}
