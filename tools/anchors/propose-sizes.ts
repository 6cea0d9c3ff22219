import { RandomStream } from '../../detection/nn/random';
import { areShared, type AnchorSizes } from './anchor-sizes';
import { bestOverlapsOfLevels, largestOf, type AnchorsOf } from './best-overlaps';
import { COVERED_OVERLAP } from './coverage';
import { selectObjects, type ResizedObjects } from './resized-objects';
import { ascend, type OverlapTables } from './size-search';

export interface SizeProposalOptions {
  readonly objects: ResizedObjects;
  /** The model's, as many on every level. */
  readonly present: AnchorSizes;
  /** Anchors of the model with other sizes, one or more a level. */
  readonly anchorsWith: (sizes: AnchorSizes) => AnchorsOf;
  readonly onProgress?: (done: number, total: number) => void;
}

/** More boxes change no size by a step, and take longer. */
const MAX_BOXES = 10_000;
/** Sizes that are tried: 6 % apart, in whole pixels, which is what anchors are rounded to. */
const STEPS_PER_OCTAVE = 12;

/**
 * Sizes that cover a data set's boxes better: as many levels and as many sizes a level as the model has, ascending from level
 * to level, or the same on all levels where they are now. A search as YOLO9000's (Redmon and Farhadi 2016), k-means with
 * 1 - IoU for its distance, with three differences: overlaps are those with anchors where they lie, on each level's own grid
 * and in all the shapes that the model has; they count up to COVERED_OVERLAP; and one size moves at a time.
 *
 * Many boxes are represented by some, drawn always the same.
 */
export function proposeSizes({
  objects,
  present,
  anchorsWith,
  onProgress,
}: SizeProposalOptions): AnchorSizes {
  const sampled = sampleOf(objects);
  const slots = slotsOf(present);
  const candidates = candidateSizes(sampled, present.flat(), slots.length);
  const tables = candidates.map((size, k) => {
    const found = bestOverlapsOfLevels(sampled, anchorsWith(present.map(() => [size])));
    const levels = found.map((overlaps) => overlaps.map((overlap) => Math.min(overlap, COVERED_OVERLAP)));
    onProgress?.(k + 1, candidates.length);
    return areShared(present) ? [largestOf(sampled.sources.length, levels)] : levels;
  });
  const overlaps: OverlapTables = slots.map((level) => tables.map((levels) => levels[level]));
  const chosen = starts(sampled, present, candidates)
    .map((start) => ascend(overlaps, start))
    .reduce((best, found) => (found.meanOverlap > best.meanOverlap ? found : best));
  const sizes = chosen.choice.map((k) => candidates[k]);
  const perLevel = present[0].length;
  return present.map((_, level) =>
    areShared(present) ? sizes : sizes.slice(level * perLevel, (level + 1) * perLevel),
  );
}

function sampleOf(objects: ResizedObjects): ResizedObjects {
  const all = Int32Array.from(objects.sources.keys());
  if (all.length <= MAX_BOXES) return objects;
  return selectObjects(objects, new RandomStream(0, 'anchor-sizes').sample(all, MAX_BOXES).slice().sort());
}

/** The level of each size that is to be found; 0 of those that all levels share. */
function slotsOf(present: AnchorSizes): number[] {
  return areShared(present)
    ? present[0].map(() => 0)
    : present.flatMap((sizes, level) => sizes.map(() => level));
}

/** Ascending, at least as many as are wanted: from half of the smallest box to twice the largest, and the present ones. */
function candidateSizes(objects: ResizedObjects, present: readonly number[], wanted: number): number[] {
  const sizes = boxSizes(objects);
  const [from, to] = [sizes[0] / 2, sizes[sizes.length - 1] * 2];
  const steps = new Set<number>();
  for (let k = 0; steps.size < wanted || from * 2 ** (k / STEPS_PER_OCTAVE) <= to; k++) {
    steps.add(Math.max(1, Math.round(from * 2 ** (k / STEPS_PER_OCTAVE))));
  }
  return [...new Set([...steps, ...present])].sort((a, b) => a - b);
}

/** Sides of squares of the boxes' areas, ascending. */
function boxSizes({ boxes, sources }: ResizedObjects): number[] {
  return sources
    .map((_, i) => Math.sqrt((boxes[4 * i + 2] - boxes[4 * i]) * (boxes[4 * i + 3] - boxes[4 * i + 1])))
    .sort((a, b) => a - b);
}

/** Where the search begins, as indices of candidates: the present sizes, the boxes' quantiles, and sizes spread evenly. */
function starts(objects: ResizedObjects, present: AnchorSizes, candidates: readonly number[]): number[][] {
  const sizes = boxSizes(objects);
  const count = slotsOf(present).length;
  const places = Array.from({ length: count }, (_, k) => (k + 0.5) / count);
  const [smallest, largest] = [sizes[0], sizes[sizes.length - 1]];
  const own = areShared(present) ? [...present[0]] : present.flat();
  return [
    own,
    places.map((place) => sizes[Math.floor(place * sizes.length)]),
    places.map((place) => smallest * (largest / smallest) ** place),
  ].map((wanted) => nearestAscending(wanted, candidates));
}

/** Indices of the candidates that come next to some sizes, each larger than the one before. */
function nearestAscending(wanted: readonly number[], candidates: readonly number[]): number[] {
  const chosen: number[] = [];
  [...wanted]
    .sort((a, b) => a - b)
    .forEach((size, k) => {
      const last = candidates.length - (wanted.length - k);
      let nearest = k === 0 ? 0 : chosen[k - 1] + 1;
      while (
        nearest < last &&
        Math.abs(candidates[nearest + 1] - size) <= Math.abs(candidates[nearest] - size)
      )
        nearest++;
      chosen.push(nearest);
    });
  return chosen;
}
