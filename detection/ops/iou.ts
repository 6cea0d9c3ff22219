import type { Boxes } from '../structures/boxes';

const { fround } = Math;

/**
 * Intersection over union of box i of `a` and box j of `b`, rounded to float32 after each operation as
 * torchvision's box_iou. Boxes that share no area have 0, also where both are points (torchvision: NaN).
 */
export function boxIou(a: Boxes, i: number, b: Boxes, j: number): number {
  const p = i * 4;
  const q = j * 4;
  const width = fround(Math.min(a[p + 2], b[q + 2]) - Math.max(a[p], b[q]));
  const height = fround(Math.min(a[p + 3], b[q + 3]) - Math.max(a[p + 1], b[q + 1]));
  if (!(width > 0 && height > 0)) return 0;
  const areaA = fround(fround(a[p + 2] - a[p]) * fround(a[p + 3] - a[p + 1]));
  const areaB = fround(fround(b[q + 2] - b[q]) * fround(b[q + 3] - b[q + 1]));
  return iouOfAreas(fround(width * height), areaA, areaB);
}

/** Intersection over union from float32 areas; the intersection is not empty. */
export function iouOfAreas(intersection: number, areaA: number, areaB: number): number {
  return fround(intersection / fround(fround(areaA + areaB) - intersection));
}

/**
 * Row i of the matrix of overlaps: box i of `a` against each of the N boxes of `b`, as boxIou.
 * @param areasOfB [N] boxAreas(b), so that a walk over many rows computes them once
 * @param row [N], overwritten
 */
export function iouRow(a: Boxes, i: number, b: Boxes, areasOfB: Float32Array, row: Float32Array): void {
  const p = i * 4;
  const x1 = a[p];
  const y1 = a[p + 1];
  const x2 = a[p + 2];
  const y2 = a[p + 3];
  const area = fround(fround(x2 - x1) * fround(y2 - y1));
  row.fill(0);
  for (let j = 0, q = 0; j < row.length; j++, q += 4) {
    const left = b[q] > x1 ? b[q] : x1;
    const right = b[q + 2] < x2 ? b[q + 2] : x2;
    if (!(left < right)) continue;
    const top = b[q + 1] > y1 ? b[q + 1] : y1;
    const bottom = b[q + 3] < y2 ? b[q + 3] : y2;
    if (!(top < bottom)) continue;
    row[j] = iouOfAreas(fround(fround(right - left) * fround(bottom - top)), area, areasOfB[j]);
  }
}
