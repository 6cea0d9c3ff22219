import { boxIou } from '../../detection/ops/iou';
import type { Instances } from '../../detection/structures/instances';

/** Pixels: what rounding moves a box by, and what the parity tests allow. */
const DISTANCES = [0.001, 0.05];
/** What overlaps less is another box. */
const OVERLAP = 0.9;

/** What was found elsewhere, as bench_engine.py writes it. */
export interface Expected {
  /** [x1, y1, x2, y2] each. */
  readonly boxes: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** How many of the expected objects are found, with their label: to some distance in pixels, and with some overlap. */
export function agreementOf(found: Pick<Instances, 'boxes' | 'labels'>, expected: Expected): string {
  const wanted = Float32Array.from(expected.boxes.flat());
  const count = (isAlike: (i: number, j: number) => boolean): number =>
    expected.labels.filter((label, i) =>
      [...found.labels.keys()].some((j) => found.labels[j] === label && isAlike(i, j)),
    ).length;
  const counts = [
    ...DISTANCES.map((most) => {
      const numNear = count((i, j) => distance(wanted, i, found.boxes, j) <= most);
      return [numNear, `within ${most} px`] as const;
    }),
    [count((i, j) => boxIou(wanted, i, found.boxes, j) > OVERLAP), `with IoU > ${OVERLAP}`] as const,
  ];
  return counts.map(([number, how]) => `${number} of ${expected.labels.length} ${how}`).join(', ');
}

/** The largest difference of two boxes' coordinates. */
function distance(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number): number {
  return Math.max(...[0, 1, 2, 3].map((side) => Math.abs(a[4 * i + side] - b[4 * j + side])));
}
