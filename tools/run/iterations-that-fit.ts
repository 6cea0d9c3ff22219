/** How many iterations a training may have, and what belongs to it beside them. */
export interface IterationBounds {
  readonly least: number;
  readonly most: number;
  /** What comes before the first and after the last, start, evaluation and report, in iterations that take as long. */
  readonly overhead: number;
}

/**
 * What a machine's other guests take: of a demo that ran beside some, an iteration took in the mean 1.05 times as long as the
 * third to twelfth, and 1.15 times as long as ten others that were faster.
 */
const RESERVE = 1.1;

/**
 * The most iterations that some time is enough for, within bounds.
 *
 * @param secondsPerIteration as measured
 * @param seconds that are left
 */
export function iterationsThatFit(
  secondsPerIteration: number,
  seconds: number,
  { least, most, overhead }: IterationBounds,
): number {
  const fitting = Math.floor(seconds / (RESERVE * secondsPerIteration)) - overhead;
  return Math.min(most, Math.max(least, fitting));
}

/** How long a training of so many iterations is likely to take, seconds. */
export function secondsOf(
  iterations: number,
  secondsPerIteration: number,
  { overhead }: Pick<IterationBounds, 'overhead'>,
): number {
  return (iterations + overhead) * secondsPerIteration;
}
