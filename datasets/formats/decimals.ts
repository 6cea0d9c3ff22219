/** Digits behind the point that `Number.toFixed` is asked for at most: more than a double has. */
const MAX_DECIMALS = 17;

/** The number with the fewest decimals that differs from a value by no more than a tolerance; the value where none does. */
export function shortestDecimal(value: number, tolerance: number): number {
  for (let decimals = 0; decimals <= MAX_DECIMALS; decimals++) {
    const rounded = Number(value.toFixed(decimals));
    // Adding 0 turns -0 into 0.
    if (Math.abs(rounded - value) <= tolerance) return rounded + 0;
  }
  return value;
}

/** How far a few operations on numbers of this size may be off: a few units of a double's last digit. */
export function roundingError(size: number): number {
  return 4 * Number.EPSILON * size;
}
