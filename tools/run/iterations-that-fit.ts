/** How many iterations a training may have, and what belongs to it beside them. */
export interface IterationBounds {
  readonly least: number;
  readonly most: number;
  /** What comes before the first and after the last, start, evaluation and report, in iterations that take as long. */
  readonly beside: number;
}

/**
 * What a machine's other guests take: of a demo that ran beside some, an iteration took in the mean 1.05 times as long as the
 * third to twelfth, and 1.15 times as long as ten others that were faster.
 */
const RESERVE = 1.1;

/**
 * The most iterations that some time is enough for, within bounds.
 *
 * @param secondsAnIteration as measured
 * @param seconds that are left
 */
export function iterationsThatFit(
  secondsAnIteration: number,
  seconds: number,
  { least, most, beside }: IterationBounds,
): number {
  const fitting = Math.floor(seconds / (RESERVE * secondsAnIteration)) - beside;
  return Math.min(most, Math.max(least, fitting));
}

/** How long a training of so many iterations is likely to take, seconds. */
export function secondsOf(
  iterations: number,
  secondsAnIteration: number,
  { beside }: Pick<IterationBounds, 'beside'>,
): number {
  return (iterations + beside) * secondsAnIteration;
}
