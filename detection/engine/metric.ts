/** A scalar by which a run's states are compared: validation AP, say, or a validation loss. */
export interface Metric {
  /** As it is put into the event storage. */
  readonly name: string;
  readonly better: 'higher' | 'lower';
}

/** A value that every other is better than. */
export function worst({ better }: Metric): number {
  return better === 'higher' ? -Infinity : Infinity;
}

/** Whether `value` is better than `best`, by more than `minDelta`. NaN never is. */
export function isBetter({ better }: Metric, value: number, best: number, minDelta = 0): boolean {
  return better === 'higher' ? value > best + minDelta : value < best - minDelta;
}
