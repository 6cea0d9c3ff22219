import type { Boxes } from '../../detection/structures/boxes';

/** Centers of anchors of one place differ by what rounding leaves. */
const LEAST_STEP = 0.5;

/**
 * How far the places of the finest anchors are apart, pixels; undefined where no two lie side by side.
 *
 * @param levels anchors of each level, those of a place together, place by place along each row
 */
export function finestStep(levels: readonly Boxes[]): number | undefined {
  let finest = Infinity;
  for (const anchors of levels) {
    for (let i = 4; i < anchors.length; i += 4) {
      const step = (anchors[i] + anchors[i + 2] - anchors[i - 4] - anchors[i - 2]) / 2;
      if (step > LEAST_STEP && step < finest) finest = step;
    }
  }
  return finest === Infinity ? undefined : finest;
}
