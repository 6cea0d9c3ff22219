import type { Size } from '../../structures/size';

/**
 * Side of a window, places. The anchors that match an object lie within a few places of one another, so that one window mostly
 * holds them, and what convolutions need around it is shared.
 */
export const WINDOW_SIDE = 5;

/** Square windows that hold some places of a map. */
export interface Windows {
  /** [W], y * width + x of the middle of each, which lies on the map. */
  readonly centers: Int32Array;
  /** [P], of each place: its window * side^2 + y within it * side + x within it. */
  readonly cells: Int32Array;
}

/**
 * Covers places with windows, greedily from the top: the next window begins at the first row that has a place left, and as far
 * to the left of it as a place within reach demands.
 *
 * @param places [P], y * width + x, ascending; one may be there several times
 */
export function coverWithWindows(places: Int32Array, { height, width }: Size): Windows {
  const radius = (WINDOW_SIDE - 1) / 2;
  const centers: number[] = [];
  const cells = new Int32Array(places.length).fill(-1);
  for (let first = 0; first < places.length; first++) {
    if (cells[first] >= 0) continue;
    const [x, y] = [places[first] % width, Math.floor(places[first] / width)];
    const reach = (y + WINDOW_SIDE) * width;
    const left: number[] = [];
    for (let i = first; i < places.length && places[i] < reach; i++) {
      const distance = Math.abs((places[i] % width) - x);
      if (cells[i] < 0 && distance < WINDOW_SIDE) left.push(i);
    }
    const leftmost = Math.min(...left.map((i) => places[i] % width));
    const centerX = Math.min(leftmost + radius, width - 1);
    const centerY = Math.min(y + radius, height - 1);
    const window = centers.push(centerY * width + centerX) - 1;
    for (const i of left) {
      const column = (places[i] % width) - centerX + radius;
      const row = Math.floor(places[i] / width) - centerY + radius;
      if (column >= WINDOW_SIDE) continue;
      cells[i] = (window * WINDOW_SIDE + row) * WINDOW_SIDE + column;
    }
  }
  return { centers: Int32Array.from(centers), cells };
}
