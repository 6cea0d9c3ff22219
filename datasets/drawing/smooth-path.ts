import type { Mask } from '../../detection/structures/mask';
import { maskRings } from '../coco/masks/mask-outline';

/**
 * The outlines of a mask as a short SVG path, to be filled by the even-odd rule: no farther from the edges of its pixels than
 * `tolerance`, by the algorithm of Douglas and Peucker. For pages with many masks; `maskPath` is exact.
 *
 * @param tolerance pixels
 */
export function smoothMaskPath(mask: Mask, tolerance: number): string {
  return maskRings(mask)
    .map(({ points }) => closedPath(simplified(points, tolerance)))
    .join('');
}

/** Polygons x1, y1, x2, y2, ... as an SVG path, in tenths of a pixel. */
export function polygonsPath(polygons: readonly (readonly number[])[]): string {
  return polygons.map(closedPath).join('');
}

function closedPath(points: readonly number[]): string {
  const at = (i: number): string => `${tenths(points[i])} ${tenths(points[i + 1])}`;
  let path = `M${at(0)}`;
  for (let i = 2; i < points.length; i += 2) path += `L${at(i)}`;
  return `${path}Z`;
}

const tenths = (value: number) => Number(value.toFixed(1));

/** The corners of a ring that are needed: its first, the one that is farthest from that, and what lies off the lines between. */
function simplified(points: readonly number[], tolerance: number): readonly number[] {
  const count = points.length / 2;
  const place = (i: number): readonly [number, number] => [
    points[2 * (i % count)],
    points[2 * (i % count) + 1],
  ];
  const kept = new Uint8Array(count + 1);
  let farthest = 0;
  for (let i = 1; i < count; i++) {
    if (distance(place(i), place(0), place(0)) > distance(place(farthest), place(0), place(0))) farthest = i;
  }
  kept[0] = kept[farthest] = 1;
  const stretches: [number, number][] = [
    [0, farthest],
    [farthest, count],
  ];
  for (let stretch = stretches.pop(); stretch !== undefined; stretch = stretches.pop()) {
    const [from, to] = stretch;
    let [most, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const off = distance(place(i), place(from), place(to));
      if (off > most) [most, at] = [off, i];
    }
    if (at < 0) continue;
    kept[at] = 1;
    stretches.push([from, at], [at, to]);
  }
  const corners = Array.from({ length: count }, (_, i) => i).filter((i) => kept[i] === 1);
  // Of what is smaller than the tolerance the corners themselves are left.
  return corners.length < 3 ? points : corners.flatMap((i) => [...place(i)]);
}

/** Of a place from a line between two others. */
function distance(
  [x, y]: readonly [number, number],
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const share = squared === 0 ? 0 : Math.max(0, Math.min(1, ((x - x1) * dx + (y - y1) * dy) / squared));
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}
