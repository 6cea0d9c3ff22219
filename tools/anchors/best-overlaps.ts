import type { Boxes } from '../../detection/structures/boxes';
import type { Size } from '../../detection/structures/size';
import { levelOverlaps } from './level-overlaps';
import type { ResizedObjects } from './resized-objects';

/** Anchors of each level on a padded image, in its pixels. */
export type AnchorsOf = (padded: Size) => readonly Boxes[];

/**
 * How well each object's box is overlapped by the anchor that overlaps it best.
 *
 * @param onProgress told how many objects have been looked at, after each group.
 * @returns of each level [N]: the best overlap with its anchors, 0..1
 */
export function bestOverlapsOfLevels(
  { boxes, sources, groups }: ResizedObjects,
  anchorsOf: AnchorsOf,
  onProgress?: (done: number) => void,
): Float32Array[] {
  const levels: Float32Array[] = [];
  let done = 0;
  for (const { padded, indices } of groups) {
    for (const [level, anchors] of anchorsOf(padded).entries()) {
      levels[level] ??= new Float32Array(sources.length);
      const overlaps = levelOverlaps(anchors);
      for (const index of indices) levels[level][index] = overlaps.bestOverlap(boxes, index);
    }
    done += indices.length;
    onProgress?.(done);
  }
  return levels;
}

/** As `bestOverlapsOfLevels`, of all levels together: [N]. */
export function bestOverlaps(
  objects: ResizedObjects,
  anchorsOf: AnchorsOf,
  onProgress?: (done: number) => void,
): Float32Array {
  return largestOf(objects.sources.length, bestOverlapsOfLevels(objects, anchorsOf, onProgress));
}

/** The largest of several values of each of `count` things. 0 where there are none. */
export function largestOf(count: number, lists: readonly Float32Array[]): Float32Array {
  const largest = new Float32Array(count);
  for (const values of lists) {
    for (let i = 0; i < count; i++) if (values[i] > largest[i]) largest[i] = values[i];
  }
  return largest;
}
