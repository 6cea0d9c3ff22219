/** A scalar by which a run's states are compared: validation AP, say, or a validation loss. */
export interface Metric {
  /** As it is put into the event storage. */
  readonly name: string;
  /** Whether higher or lower values are better. */
  readonly better: 'higher' | 'lower';
}

/** Whether a value is better than the best before it, if there is one, by more than `minDelta`. NaN never is. */
export function isBetter({ better }: Metric, value: number, best: number | undefined, minDelta = 0): boolean {
  if (best === undefined) return !Number.isNaN(value);
  return better === 'higher' ? value > best + minDelta : value < best - minDelta;
}
