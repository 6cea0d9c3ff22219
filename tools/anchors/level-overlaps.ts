import { iouOfAreas, iouRow } from '../../detection/ops/iou';
import { boxAreas, numBoxes, type Boxes } from '../../detection/structures/boxes';

const { fround, max, min } = Math;

/** How well the anchors of one level overlap boxes. */
export interface LevelOverlaps {
  /** The best overlap of a box with any of the anchors, as iouRow computes it; 0 where there is no anchor. */
  bestOverlap(boxes: Boxes, index: number): number;
}

/** @param anchors of one level, on one padded image */
export function levelOverlaps(anchors: Boxes): LevelOverlaps {
  return gridOf(anchors) ?? new AnyAnchors(anchors);
}

/** Anchors that lie anyhow: looks at each of them. */
class AnyAnchors implements LevelOverlaps {
  private readonly areas: Float32Array;
  private readonly row: Float32Array;

  constructor(private readonly anchors: Boxes) {
    this.areas = boxAreas(anchors);
    this.row = new Float32Array(numBoxes(anchors));
  }

  bestOverlap(boxes: Boxes, index: number): number {
    iouRow(boxes, index, this.anchors, this.areas, this.row);
    let best = 0;
    for (const overlap of this.row) if (overlap > best) best = overlap;
    return best;
  }
}

/**
 * The same shapes at every place of a grid. Of each shape the anchor with the largest intersection is the best, and that is
 * one of those whose centers are next to the box's, along each axis for itself: so a box costs a few steps a shape, where
 * all of COCO would take hours to compare with every anchor. The numbers are the same to the bit, since rounding never
 * turns around which of two is larger.
 */
class AnchorGrid implements LevelOverlaps {
  private readonly areas: Float32Array;

  /**
   * @param shapes [A * 4] the anchors of the first place
   * @param columns how far each column is from the first, ascending
   * @param rows how far each row is from the first, ascending
   */
  constructor(
    private readonly shapes: Boxes,
    private readonly columns: Float32Array,
    private readonly rows: Float32Array,
  ) {
    this.areas = boxAreas(shapes);
  }

  bestOverlap(boxes: Boxes, index: number): number {
    const { shapes, columns, rows, areas } = this;
    const b = 4 * index;
    const [x1, y1, x2, y2] = [boxes[b], boxes[b + 1], boxes[b + 2], boxes[b + 3]];
    const area = fround(fround(x2 - x1) * fround(y2 - y1));
    let best = 0;
    for (let a = 0, s = 0; a < areas.length; a++, s += 4) {
      const width = longestOverlap(x1, x2, shapes[s], shapes[s + 2], columns);
      const height = longestOverlap(y1, y2, shapes[s + 1], shapes[s + 3], rows);
      if (width === 0 || height === 0) continue;
      const overlap = iouOfAreas(fround(width * height), area, areas[a]);
      if (overlap > best) best = overlap;
    }
    return best;
  }
}

/**
 * Of a segment with one that is shifted by each of `shifts` in turn: the longest overlap. It is one of the two shifts
 * between which the centers would meet.
 */
function longestOverlap(from: number, to: number, start: number, end: number, shifts: Float32Array): number {
  const wanted = (from + to - start - end) / 2;
  let low = 0;
  let high = shifts.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shifts[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  const longer = overlapAt(from, to, start, end, shifts[low]);
  return low === 0 ? longer : max(longer, overlapAt(from, to, start, end, shifts[low - 1]));
}

function overlapAt(from: number, to: number, start: number, end: number, shift: number): number {
  return max(0, fround(min(to, fround(end + shift)) - max(from, fround(start + shift))));
}

/** The grid that anchors lie on, by row, by column, by shape; undefined where they do not. */
function gridOf(anchors: Boxes): AnchorGrid | undefined {
  const count = numBoxes(anchors);
  if (count === 0) return undefined;
  const isShifted = (i: number, axis: number): boolean =>
    anchors[4 * i + axis] + anchors[4 * i + axis + 2] !== anchors[axis] + anchors[axis + 2];
  const first = (from: number, step: number, isOther: (i: number) => boolean): number => {
    let i = from;
    while (i < count && !isOther(i)) i += step;
    return min(i, count);
  };
  const numShapes = first(1, 1, (i) => isShifted(i, 0) || isShifted(i, 1));
  const perRow = first(numShapes, numShapes, (i) => isShifted(i, 1));
  if (perRow % numShapes !== 0 || count % perRow !== 0) return undefined;

  const shapes = anchors.slice(0, 4 * numShapes);
  const columns = Float32Array.from(
    { length: perRow / numShapes },
    (_, x) => anchors[4 * x * numShapes] - anchors[0],
  );
  const rows = Float32Array.from(
    { length: count / perRow },
    (_, y) => anchors[4 * y * perRow + 1] - anchors[1],
  );
  const isAscending = (shifts: Float32Array): boolean =>
    shifts.every((shift, i) => i === 0 || shift > shifts[i - 1]);
  if (!isAscending(columns) || !isAscending(rows)) return undefined;
  return isGrid(anchors, shapes, columns, rows) ? new AnchorGrid(shapes, columns, rows) : undefined;
}

/** Whether each anchor is a shape at its place: corners and, after rounding, sides. */
function isGrid(anchors: Boxes, shapes: Boxes, columns: Float32Array, rows: Float32Array): boolean {
  let i = 0;
  for (const row of rows) {
    for (const column of columns) {
      for (let s = 0; s < shapes.length; s += 2, i += 2) {
        if (anchors[i] !== fround(shapes[s] + column)) return false;
        if (anchors[i + 1] !== fround(shapes[s + 1] + row)) return false;
        if (s % 4 === 0) continue;
        if (fround(anchors[i] - anchors[i - 2]) !== fround(shapes[s] - shapes[s - 2])) return false;
        if (fround(anchors[i + 1] - anchors[i - 1]) !== fround(shapes[s + 1] - shapes[s - 1])) return false;
      }
    }
  }
  return true;
}
