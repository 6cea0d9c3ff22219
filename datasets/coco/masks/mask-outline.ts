import type { Mask } from '../../../detection/structures/mask';

/** One outline of a mask along the edges of pixels. */
export interface Ring {
  /** x1, y1, x2, y2, ...: its corners, without the first one again; edges are by turns vertical and horizontal. */
  readonly points: readonly number[];
  /** Whether it is the outline of a hole. */
  readonly isHole: boolean;
}

/**
 * The outlines of a mask, straight from its runs: of each part that is connected by edges of pixels, and of the holes in it.
 * Corners alone are listed, no points on the way. Filled by the even-odd rule they are the mask.
 */
export function maskRings(mask: Mask): Ring[] {
  return tracedRings(mask).map(({ points, isHole }) => ({ points, isHole }));
}

/**
 * A mask as polygons of a "segmentation" in COCO's JSON, which pycocotools, and segmentationToRle here, rasterize to the same mask
 * exactly: one for each connected part, along the edges of pixels. COCO's polygons know no holes: the outline goes into a hole along
 * a vertical line inside of the object, around it, and back on the same line. An empty mask has none.
 */
export function maskToPolygons(mask: Mask): number[][] {
  const rings = tracedRings(mask);
  // A hole begins behind what is above it: the innermost bring their own holes along.
  for (const hole of rings.filter(({ isHole }) => isHole).reverse()) {
    const { ring, x, y } = hole.bridge!;
    insertHole(rings[ring].points, hole.points, x, y);
  }
  return rings.filter(({ isHole }) => !isHole).map(({ points }) => points);
}

interface TracedRing {
  readonly points: number[];
  readonly isHole: boolean;
  /** Of a hole: the place straight above its first corner that the object reaches to, and which ring that is on. */
  readonly bridge?: { readonly ring: number; readonly x: number; readonly y: number };
}

/** The corners of a mask's outlines, from left to right and then from top to bottom, as they are found. */
class Corners {
  readonly xs: number[] = [];
  readonly ys: number[] = [];
  /** For each, the corner at the other end of its vertical, and of its horizontal edge. */
  readonly verticals: number[] = [];
  readonly horizontals: number[] = [];
  /** For those that begin the outline of a hole, a corner on the ring above. */
  readonly bridges = new Map<number, { readonly corner: number; readonly y: number }>();
  /** For each y, the corner whose horizontal edge goes on to the right; -1 where there is none. */
  private readonly open: Int32Array;
  /** The corner whose vertical edge goes on downwards; -1 where there is none. */
  private above = -1;

  constructor(height: number) {
    this.open = new Int32Array(height + 1).fill(-1);
  }

  /** The corner whose horizontal edge passes, or ends, here. */
  edgeAt(y: number): number {
    return this.open[y];
  }

  get last(): number {
    return this.xs.length - 1;
  }

  /** Adds a corner and joins it to the vertical edge that leads to it, if one does. */
  add(x: number, y: number): number {
    const corner = this.xs.push(x) - 1;
    this.ys.push(y);
    if (this.above < 0) this.above = corner;
    else {
      this.verticals[corner] = this.above;
      this.verticals[this.above] = corner;
      this.above = -1;
    }
    return corner;
  }

  /** Ends the horizontal edge that comes from the left. */
  endEdge(y: number, corner: number): void {
    const other = this.open[y];
    this.horizontals[corner] = other;
    this.horizontals[other] = corner;
    this.open[y] = -1;
  }

  /** Begins a horizontal edge to the right. */
  beginEdge(y: number, corner: number): void {
    this.open[y] = corner;
  }
}

function tracedRings(mask: Mask): TracedRing[] {
  const corners = findCorners(mask);
  const { xs, ys, verticals, horizontals, bridges } = corners;
  const ringOf = new Int32Array(xs.length).fill(-1);
  const rings: TracedRing[] = [];
  for (let first = 0; first < xs.length; first++) {
    if (ringOf[first] >= 0) continue;
    const points: number[] = [];
    let isVertical = true;
    for (let corner = first; ringOf[corner] < 0; isVertical = !isVertical) {
      ringOf[corner] = rings.length;
      points.push(xs[corner], ys[corner]);
      corner = isVertical ? verticals[corner] : horizontals[corner];
    }
    const bridge = bridges.get(first);
    rings.push({
      points,
      isHole: bridge !== undefined,
      ...(bridge && { bridge: { ring: ringOf[bridge.corner], x: xs[first], y: bridge.y } }),
    });
  }
  return rings;
}

/** Visits the borders between columns; a corner is where only one of the two columns changes, or both do and not alike. */
function findCorners(mask: Mask): Corners {
  const { height } = mask.size;
  const corners = new Corners(height);
  let left: readonly number[] = [];
  let x = 0;
  const visitBorder = (right: readonly number[]): void => {
    for (let i = 0, j = 0; i < left.length || j < right.length;) {
      const y = Math.min(left[i] ?? Infinity, right[j] ?? Infinity);
      const [inLeft, inRight] = [left[i] === y, right[j] === y];
      const [leftBegins, rightBegins] = [i % 2 === 0, j % 2 === 0];
      if (inLeft && inRight && leftBegins !== rightBegins) {
        // Two pixels touch at their corners: the outline goes around each of them.
        const [upper, lower] = [corners.add(x, y), corners.add(x, y)];
        corners.endEdge(y, rightBegins ? upper : lower);
        corners.beginEdge(y, rightBegins ? lower : upper);
      } else if (inLeft !== inRight) {
        // Below the end of a run, in an object to the left: a hole may begin here.
        if (inRight && !rightBegins && i % 2 === 1) {
          const [above, beside] = [right[j - 1], left[i - 1]];
          const corner = above === beside ? corners.edgeAt(above) : corners.last;
          corners.bridges.set(corners.last + 1, { corner, y: Math.max(above, beside) });
        }
        const corner = corners.add(x, y);
        if (inLeft) corners.endEdge(y, corner);
        else corners.beginEdge(y, corner);
      }
      if (inLeft) i++;
      if (inRight) j++;
    }
    left = right;
    x++;
  };
  for (const column of columnBounds(mask)) visitBorder(column);
  visitBorder([]);
  return corners;
}

/** For each column the rows where runs of ones begin and end, by turns. */
function* columnBounds({ size: { height, width }, counts }: Mask): Generator<readonly number[], void> {
  let bounds: number[] = [];
  let column = 0;
  let end = 0;
  for (let run = 0; run < counts.length; run++) {
    const start = end;
    end += counts[run];
    if (run % 2 === 0) continue;
    for (let from = start; from < end;) {
      const x = Math.floor(from / height);
      for (; column < x; column++) {
        yield bounds;
        bounds = [];
      }
      const to = Math.min(end, (x + 1) * height);
      // A run that an empty one interrupts goes on.
      if (bounds[bounds.length - 1] === from - x * height) bounds[bounds.length - 1] = to - x * height;
      else bounds.push(from - x * height, to - x * height);
      from = to;
    }
  }
  for (; column < width; column++) {
    yield bounds;
    bounds = [];
  }
}

/** Leads an outline from a place on it into a hole straight below, around it and back. */
function insertHole(outline: number[], hole: readonly number[], x: number, y: number): void {
  const at = edgeThrough(outline, x, y);
  const isCorner = outline[at] === x && outline[at + 1] === y;
  const around = [...hole, hole[0], hole[1], x, y];
  outline.splice(at + 2, 0, ...(isCorner ? around : [x, y, ...around]));
}

/** Where in the list of corners the edge begins that a place is on. */
function edgeThrough(outline: readonly number[], x: number, y: number): number {
  for (let i = 0; i < outline.length; i += 2) {
    const next = (i + 2) % outline.length;
    const [x1, y1, x2, y2] = [outline[i], outline[i + 1], outline[next], outline[next + 1]];
    const isOn =
      (x1 === x && x2 === x && y >= Math.min(y1, y2) && y <= Math.max(y1, y2)) ||
      (y1 === y && y2 === y && x >= Math.min(x1, x2) && x <= Math.max(x1, x2));
    // An edge that ends here is followed by one that begins here.
    if (isOn && !(x2 === x && y2 === y)) return i;
  }
  throw new RangeError(`(${x}, ${y}) is on none of the edges`);
}
