import { RandomStream } from '../../detection/nn/random';
import type { CocoFile, CocoFileAnnotation } from '../../datasets/coco/coco-file';

/** How an annotation is falsified. */
export type PlantedKind = 'label' | 'box' | 'missing';

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
  drawn.forEach((index, i) =>
    kinds.set(index, (['label', 'box', 'missing'] as const)[Math.floor(i / count)]),
  );
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

/** Outlines and areas would contradict the box: they are left out. */
function shifted(
  { segmentation: _, area: __, ...annotation }: CocoFileAnnotation,
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
  const clipped = [Math.max(0, left), Math.max(0, top), Math.min(width, left + w), Math.min(height, top + h)];
  return { ...annotation, bbox: [clipped[0], clipped[1], clipped[2] - clipped[0], clipped[3] - clipped[1]] };
}
