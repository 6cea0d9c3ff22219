/** Of each size that is to be chosen, of each candidate for it, [N]: the best overlap of each box with its anchors. */
export type OverlapTables = readonly (readonly Float32Array[])[];

export interface SizeChoice {
  /** The candidate that each size is, ascending. */
  readonly choice: readonly number[];
  /** Mean over the boxes of the best overlap with the anchors of any of them. */
  readonly meanOverlap: number;
}

/** Less is rounding. */
const LEAST_GAIN = 1e-9;

/**
 * Climbs to a choice of which no size can be replaced by another candidate between its neighbors for a larger mean: one
 * size after the other becomes the best for it, until none changes.
 *
 * @param start candidates, ascending: no better one is worse than this.
 */
export function ascend(tables: OverlapTables, start: readonly number[]): SizeChoice {
  const choice = [...start];
  const numBoxes = tables[0][0].length;
  const others = new Float32Array(numBoxes);
  let best = meanOfBest(tables[0][choice[0]], othersOf(tables, choice, 0, others));
  for (let isBetter = true; isBetter;) {
    isBetter = false;
    for (let slot = 0; slot < choice.length; slot++) {
      othersOf(tables, choice, slot, others);
      const from = slot === 0 ? 0 : choice[slot - 1] + 1;
      const to = slot === choice.length - 1 ? tables[slot].length : choice[slot + 1];
      for (let candidate = from; candidate < to; candidate++) {
        const mean = meanOfBest(tables[slot][candidate], others);
        if (mean <= best + LEAST_GAIN) continue;
        best = mean;
        choice[slot] = candidate;
        isBetter = true;
      }
    }
  }
  return { choice, meanOverlap: best };
}

/** Writes the best overlap of each box with the anchors of all sizes but one, and returns it. */
function othersOf(
  tables: OverlapTables,
  choice: readonly number[],
  left: number,
  others: Float32Array,
): Float32Array {
  others.fill(0);
  choice.forEach((candidate, slot) => {
    if (slot === left) return;
    const overlaps = tables[slot][candidate];
    for (let i = 0; i < others.length; i++) if (overlaps[i] > others[i]) others[i] = overlaps[i];
  });
  return others;
}

function meanOfBest(overlaps: Float32Array, others: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < overlaps.length; i++) sum += overlaps[i] > others[i] ? overlaps[i] : others[i];
  return sum / overlaps.length;
}
