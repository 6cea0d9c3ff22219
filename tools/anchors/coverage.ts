import type { CocoDataset } from '../../datasets/coco/annotations';
import { AREA_RANGES, type AreaName } from '../../datasets/evaluation/parameters';
import type { ResizedObjects } from './resized-objects';

/**
 * Overlaps that decide whether an anchor counts as an object or as background: .7 and .3 in the RPN of Faster R-CNN
 * (Ren et al. 2015), .5 and .4 in RetinaNet (Lin et al. 2017). Models may be configured otherwise.
 */
export const SHARE_OVERLAPS = [0.3, 0.4, 0.5, 0.7] as const;
/** The highest of these: a box that an anchor overlaps so well is covered, and more is of no use. */
export const COVERED_OVERLAP = 0.7;

/** How well anchors cover some boxes. */
export interface Coverage {
  readonly boxes: number;
  /**
   * Mean over the boxes of the best overlap with any anchor, counted up to COVERED_OVERLAP, as a share of it: 1 where every
   * box is covered. The plain mean would buy a little more overlap for what is covered already with what is not.
   */
  readonly coverage: number;
  /** Mean over the boxes of the best overlap. */
  readonly meanOverlap: number;
  /** Share of the boxes whose best overlap is as large as each of SHARE_OVERLAPS, or larger. */
  readonly shares: readonly number[];
}

/** From the one, included, to the other, left out. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Groups without boxes are left out. */
export interface CoverageTable {
  readonly all: Coverage;
  /** By the side of a square of the box's area, pixels of the resized image: an octave each, ascending. */
  readonly bySize: readonly (Interval & Coverage)[];
  /** By the object's area in the stored image, as evaluation has it; both ends of a range are included. */
  readonly byArea: readonly ({ readonly name: AreaName } & Coverage)[];
  /** By height / width of the box in the resized image, ascending. */
  readonly byAspectRatio: readonly (Interval & Coverage)[];
  /** In the order of the ids. */
  readonly byCategory: readonly ({ readonly categoryId: number; readonly name: string } & Coverage)[];
}

/** About 1:2 and 1:1 and 2:1, which are the usual anchors; and what is longer. */
const ASPECT_RATIO_ENDS = [0, 1 / 3, 2 / 3, 3 / 2, 3, Infinity] as const;
const AREAS = AREA_RANGES.filter(({ name }) => name !== 'all');

/** @param overlaps [N] of the objects' boxes with their best anchors */
export function coverageTable(
  dataset: CocoDataset,
  { boxes, sources }: ResizedObjects,
  overlaps: Float32Array,
): CoverageTable {
  const sides = sources.map((_, i) => ({
    width: boxes[4 * i + 2] - boxes[4 * i],
    height: boxes[4 * i + 3] - boxes[4 * i + 1],
  }));
  const bySize = grouped(overlaps, (i) => [octaveOf(Math.sqrt(sides[i].width * sides[i].height))]);
  const byArea = grouped(overlaps, (i) => {
    const { area } = sources[i].annotation;
    return AREAS.filter(({ min, max }) => area >= min && area <= max).map(({ name }) => name);
  });
  const byRatio = grouped(overlaps, (i) => [ratioRangeOf(sides[i].height / sides[i].width)]);
  const byCategory = grouped(overlaps, (i) => [sources[i].annotation.categoryId]);
  return {
    all: coverageOf(overlaps),
    bySize: [...bySize.keys()]
      .sort((a, b) => a - b)
      .flatMap((octave) =>
        row(bySize.get(octave), { from: octave < 0 ? 0 : 2 ** octave, to: 2 ** (octave + 1) }),
      ),
    byArea: AREAS.flatMap(({ name }) => row(byArea.get(name), { name })),
    byAspectRatio: ASPECT_RATIO_ENDS.slice(1).flatMap((to, k) =>
      row(byRatio.get(k), { from: ASPECT_RATIO_ENDS[k], to }),
    ),
    byCategory: dataset.categories.flatMap(({ id, name }) =>
      row(byCategory.get(id), { categoryId: id, name }),
    ),
  };
}

/** All below one pixel are in one group. */
function octaveOf(size: number): number {
  return Math.max(-1, Math.floor(Math.log2(size)));
}

/** Which interval of ASPECT_RATIO_ENDS; the last one of a box that is not wide at all. */
function ratioRangeOf(ratio: number): number {
  const range = ASPECT_RATIO_ENDS.slice(1).findIndex((end) => ratio < end);
  return range < 0 ? ASPECT_RATIO_ENDS.length - 2 : range;
}

/** Coverage of the boxes that share a key, by key; a box may have several. */
function grouped<Key>(overlaps: Float32Array, keysOf: (i: number) => readonly Key[]): Map<Key, Coverage> {
  const groups = new Map<Key, number[]>();
  overlaps.forEach((overlap, i) => {
    for (const key of keysOf(i)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [overlap]);
      else group.push(overlap);
    }
  });
  return new Map([...groups].map(([key, values]) => [key, coverageOf(values)]));
}

/** A row, or none where there are no boxes. */
function row<Names extends object>(coverage: Coverage | undefined, names: Names): (Names & Coverage)[] {
  return coverage === undefined ? [] : [{ ...names, ...coverage }];
}

/** @param overlaps of each box with its best anchor; at least one */
export function coverageOf(overlaps: Float32Array | readonly number[]): Coverage {
  const reached = SHARE_OVERLAPS.map(() => 0);
  let sum = 0;
  let covered = 0;
  for (const overlap of overlaps) {
    sum += overlap;
    covered += Math.min(overlap, COVERED_OVERLAP);
    SHARE_OVERLAPS.forEach((least, k) => (reached[k] += Number(overlap >= Math.fround(least))));
  }
  const boxes = overlaps.length;
  return {
    boxes,
    coverage: covered / boxes / COVERED_OVERLAP,
    meanOverlap: sum / boxes,
    shares: reached.map((count) => count / boxes),
  };
}

/** The objects whose best overlaps are the lowest, lowest first; of several the first in the file. */
export function worstCovered(overlaps: Float32Array, count: number): number[] {
  const order = Array.from(overlaps.keys()).sort((a, b) => overlaps[a] - overlaps[b] || a - b);
  return order.slice(0, count);
}
