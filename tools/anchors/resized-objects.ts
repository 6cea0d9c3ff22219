import type { CocoAnnotation, CocoDataset, CocoImage } from '../../datasets/coco/annotations';
import { gtObjects } from '../../datasets/coco/targets';
import { scaleBoxes, selectBoxes, type Boxes } from '../../detection/structures/boxes';
import type { InputSpec, ResizeSpec } from '../../detection/structures/input-spec';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';

/** Objects as a detector gets them in training, all in one list. */
export interface ResizedObjects {
  /** [N * 4], pixels of the resized images. */
  readonly boxes: Boxes;
  /** [N] whose they are. */
  readonly sources: readonly ObjectSource[];
  /** Every object is in one of them. */
  readonly groups: readonly PaddedGroup[];
}

/** Where an object comes from. */
export interface ObjectSource {
  readonly image: CocoImage;
  readonly annotation: CocoAnnotation;
}

/** Objects whose pictures are of one size after padding: they have the same anchors. */
export interface PaddedGroup {
  readonly padded: Size;
  /** Indices of the objects, ascending. */
  readonly indices: Int32Array;
}

/**
 * The objects that a detector trains on, each once for each shorter side that its picture may get. Each picture is padded
 * for itself, as in a batch of its own; none is mirrored.
 *
 * @param minSizes shorter sides, of an input that is resized by them.
 */
export function resizedObjects(
  dataset: CocoDataset,
  input: InputSpec,
  minSizes: readonly number[],
): ResizedObjects {
  const boxes: number[] = [];
  const sources: ObjectSource[] = [];
  const groups = new Map<string, { padded: Size; indices: number[] }>();
  for (const image of dataset.images) {
    const objects = gtObjects(dataset, image);
    if (objects.length === 0) continue;
    const stored = Float32Array.from(objects.flatMap(({ corners }) => corners));
    for (const resize of resizesOf(input, minSizes)) {
      const resized = resizedSize(image, resize);
      const padded = paddedSize([resized], input.sizeDivisor);
      const key = `${padded.height}x${padded.width}`;
      const group = groups.get(key) ?? { padded, indices: [] };
      groups.set(key, group);
      for (const value of scaleBoxes(stored, image, resized)) boxes.push(value);
      for (const { annotation } of objects) {
        group.indices.push(sources.length);
        sources.push({ image, annotation });
      }
    }
  }
  return {
    boxes: Float32Array.from(boxes),
    sources,
    groups: [...groups.values()].map(({ padded, indices }) => ({
      padded,
      indices: Int32Array.from(indices),
    })),
  };
}

function resizesOf({ resize }: InputSpec, minSizes: readonly number[]): ResizeSpec[] {
  return resize.kind === 'fixed' ? [resize] : minSizes.map((minSize) => ({ ...resize, minSize }));
}

/** Some of the objects, in their order; what is in `indices` ascends. */
export function selectObjects(
  { boxes, sources, groups }: ResizedObjects,
  indices: Int32Array,
): ResizedObjects {
  const places = new Int32Array(sources.length).fill(-1);
  indices.forEach((index, place) => (places[index] = place));
  return {
    boxes: selectBoxes(boxes, indices),
    sources: Array.from(indices, (index) => sources[index]),
    groups: groups
      .map(({ padded, indices: ofGroup }) => ({
        padded,
        indices: ofGroup.map((index) => places[index]).filter((place) => place >= 0),
      }))
      .filter((group) => group.indices.length > 0),
  };
}
