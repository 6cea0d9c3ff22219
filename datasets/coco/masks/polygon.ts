import type { Size } from '../../../detection/structures/size';
import type { Mask } from '../../../detection/structures/mask';

/** The outline is traced on a grid this much finer than the pixels: maskApi.c's `scale`. */
const SUBDIVISIONS = 5;

/**
 * Pixels inside a polygon, equal to maskApi.c's rleFrPoly in every rounding: evaluation of masks depends on it.
 *
 * The outline is traced on a grid five times finer. Wherever it passes a column's center, the pixel below which
 * it passes is noted; these places, sorted along the columns, are where the mask switches between out and in.
 * Each edge is walked from its own start to its own end.
 *
 * @param polygon x1, y1, x2, y2, ...: at least three corners, pixels, 0-based.
 */
export function rleFromPolygon(polygon: readonly number[], size: Size): Mask {
  const { height, width } = size;
  const switches = [height * width];
  const corners = Math.floor(polygon.length / 2);
  let [previousX, previousY] = [0, 0];
  for (let corner = 0; corner < corners; corner++) {
    const next = (corner + 1) % corners;
    const [fromX, fromY] = [onGrid(polygon[2 * corner]), onGrid(polygon[2 * corner + 1])];
    const [toX, toY] = [onGrid(polygon[2 * next]), onGrid(polygon[2 * next + 1])];
    const isWide = Math.abs(toX - fromX) >= Math.abs(toY - fromY); // it mostly follows x
    // The slope is taken from the smaller end, so that both directions of an edge give the same points.
    const isFlipped = isWide ? fromX > toX : fromY > toY;
    const [startX, startY] = isFlipped ? [toX, toY] : [fromX, fromY];
    const [endX, endY] = isFlipped ? [fromX, fromY] : [toX, toY];
    const steps = isWide ? endX - startX : endY - startY;
    const slope = steps === 0 ? 0 : (isWide ? endY - startY : endX - startX) / steps;
    for (let step = 0; step <= steps; step++) {
      const t = isFlipped ? steps - step : step;
      const across = Math.trunc((isWide ? startY : startX) + slope * t + 0.5);
      const x = isWide ? startX + t : across;
      const y = isWide ? across : startY + t;
      const isFirst = corner === 0 && step === 0;
      if (!isFirst && x !== previousX) {
        const column = toPixels(x < previousX ? x : x - 1);
        if (Number.isInteger(column) && column >= 0 && column < width) {
          const row = Math.ceil(Math.min(Math.max(toPixels(Math.min(previousY, y)), 0), height));
          switches.push(column * height + row);
        }
      }
      previousX = x;
      previousY = y;
    }
  }
  return { size: { height, width }, counts: runsBetween(Uint32Array.from(switches).sort()) };
}

/** From pixels to the fine grid. */
function onGrid(value: number): number {
  return Math.trunc(SUBDIVISIONS * value + 0.5);
}

/** From the fine grid to pixels. The order of operations matters to the last digit. */
function toPixels(fine: number): number {
  return (fine + 0.5) / SUBDIVISIONS - 0.5;
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
