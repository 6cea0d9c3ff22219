import { roundingError, shortestDecimal } from './decimals';

/** The box around a polygon x1, y1, x2, y2, ...: x, y, width, height. */
export function polygonBox(polygon: readonly number[]): [number, number, number, number] {
  const [left, right] = range(polygon, 0);
  const [top, bottom] = range(polygon, 1);
  return [left, top, difference(right, left), difference(bottom, top)];
}

/** The area inside of a polygon that does not cross itself. */
export function polygonArea(polygon: readonly number[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const next = (i + 2) % polygon.length;
    twice += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1];
  }
  return Math.abs(twice) / 2;
}

/** One number less another, without the digits that only come of rounding: 0.3 - 0.1 is 0.2. */
export function difference(a: number, b: number): number {
  return shortestDecimal(a - b, roundingError(Math.max(Math.abs(a), Math.abs(b))));
}

/** One number and another, in the same way. */
export function sum(a: number, b: number): number {
  return difference(a, -b);
}

/**
 * One outline of several: it goes on to each further polygon, around it and back, along the shortest line between two corners.
 * It encloses what they do.
 */
export function joinPolygons(polygons: readonly (readonly number[])[]): readonly number[] {
  return polygons.reduce((outline, polygon) => {
    const [from, to] = nearestCorners(outline, polygon);
    const around = [...polygon.slice(to), ...polygon.slice(0, to), ...polygon.slice(to, to + 2)];
    return [...outline.slice(0, from + 2), ...around, ...outline.slice(from)];
  });
}

/** Where the nearest corners of two polygons begin in their lists. */
function nearestCorners(a: readonly number[], b: readonly number[]): [number, number] {
  let nearest: [number, number] = [0, 0];
  let least = Infinity;
  for (let i = 0; i < a.length; i += 2) {
    for (let j = 0; j < b.length; j += 2) {
      const distance = (a[i] - b[j]) ** 2 + (a[i + 1] - b[j + 1]) ** 2;
      if (distance >= least) continue;
      least = distance;
      nearest = [i, j];
    }
  }
  return nearest;
}

/** The least and the greatest of every second number. */
function range(polygon: readonly number[], offset: 0 | 1): [number, number] {
  let [least, greatest] = [Infinity, -Infinity];
  for (let i = offset; i < polygon.length; i += 2) {
    least = Math.min(least, polygon[i]);
    greatest = Math.max(greatest, polygon[i]);
  }
  return [least, greatest];
}
