import type { Size } from '../../detection/structures/size';
import type { Mask } from '../../detection/structures/mask';

/** The outline is traced on a grid this much finer than the pixels: maskApi.c's `scale`. */
const SUBDIVISIONS = 5;

/**
 * Pixels inside a polygon, equal to maskApi.c's rleFrPoly in every rounding: evaluation of masks depends on it.
 *
 * The outline is traced on a grid five times finer. Wherever it passes a column's center, the pixel below which
 * it passes is noted; these places, sorted along the columns, are where the mask switches between out and in.
 *
 * @param polygon x1, y1, x2, y2, ...: at least three corners, pixels, 0-based.
 */
export function rleFromPolygon(polygon: readonly number[], size: Size): Mask {
  const { height, width } = size;
  const outline = traceOutline(polygon);
  const switches = [height * width];
  for (let i = 1; i < outline.x.length; i++) {
    const [previousX, x] = [outline.x[i - 1], outline.x[i]];
    if (x === previousX) continue;
    const column = toPixels(x < previousX ? x : x - 1);
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue;
    const row = Math.ceil(Math.min(Math.max(toPixels(Math.min(outline.y[i - 1], outline.y[i])), 0), height));
    switches.push(column * height + row);
  }
  return { size: { height, width }, counts: runsBetween(Uint32Array.from(switches).sort()) };
}

/** From the fine grid to pixels. The order of operations matters to the last digit. */
function toPixels(fine: number): number {
  return (fine + 0.5) / SUBDIVISIONS - 0.5;
}

/** All points of the fine grid along the outline; each edge is walked from its own start to its own end. */
function traceOutline(polygon: readonly number[]): { x: number[]; y: number[] } {
  const points: { x: number[]; y: number[] } = { x: [], y: [] };
  const corners = Math.floor(polygon.length / 2);
  const onGrid = (value: number): number => Math.trunc(SUBDIVISIONS * value + 0.5);
  for (let corner = 0; corner < corners; corner++) {
    const next = (corner + 1) % corners;
    const from = [onGrid(polygon[2 * corner]), onGrid(polygon[2 * corner + 1])];
    const to = [onGrid(polygon[2 * next]), onGrid(polygon[2 * next + 1])];
    const along = Math.abs(to[0] - from[0]) >= Math.abs(to[1] - from[1]) ? 0 : 1; // the axis it mostly follows
    const across = 1 - along;
    // The slope is taken from the smaller end, so that both directions of an edge give the same points.
    const flipped = from[along] > to[along];
    const [start, end] = flipped ? [to, from] : [from, to];
    const steps = end[along] - start[along];
    const slope = steps === 0 ? 0 : (end[across] - start[across]) / steps;
    for (let step = 0; step <= steps; step++) {
      const t = flipped ? steps - step : step;
      const main = start[along] + t;
      const other = Math.trunc(start[across] + slope * t + 0.5);
      points.x.push(along === 0 ? main : other);
      points.y.push(along === 0 ? other : main);
    }
  }
  return points;
}

/** Lengths between sorted places. Two switches at one place cancel: their neighbors become one run. */
function runsBetween(places: Uint32Array): Uint32Array {
  const counts = [places[0]];
  for (let i = 1; i < places.length; i++) {
    const length = places[i] - places[i - 1];
    if (length > 0) counts.push(length);
    else if (++i < places.length) counts[counts.length - 1] += places[i] - places[i - 1];
  }
  return Uint32Array.from(counts);
}
