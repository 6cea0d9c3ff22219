import { existsSync, readFileSync } from 'node:fs';
import { medianOf } from '../../../detection/events/median';

/** One step of `metrics.jsonl`. */
export type MetricsRow = Readonly<Record<string, number>> & { readonly iteration: number };

/** What a run wrote to its `metrics.jsonl`. */
export class Metrics {
  constructor(readonly rows: readonly MetricsRow[]) {}

  /** A scalar over the steps, where it was put and is finite: JSON has null for what is not. */
  points(name: string): { x: number; y: number }[] {
    return this.rows.flatMap((row) =>
      Number.isFinite(row[name]) ? [{ x: row.iteration, y: row[name] }] : [],
    );
  }

  /**
   * Names of the model's losses, in the order in which it gave them: in each row they stand between the learning rate and their
   * sum.
   */
  get lossNames(): string[] {
    const names = this.rows.flatMap((row) => {
      const keys = Object.keys(row);
      return keys.slice(keys.indexOf('lr') + 1, keys.indexOf('total_loss'));
    });
    return [...new Set(names)];
  }

  /** Median of a scalar over the steps. NaN where it was never put. */
  median(name: string): number {
    return medianOf(this.points(name).map(({ y }) => y));
  }

  sum(name: string): number {
    return this.points(name).reduce((total, { y }) => total + y, 0);
  }

  max(name: string): number {
    return this.points(name).reduce((largest, { y }) => Math.max(largest, y), 0);
  }
}

/** Reads a run's metrics. */
export function readMetrics(file: string): Metrics {
  return new Metrics(readJsonLines(file) as MetricsRow[]);
}

/** What the lines of a file hold; nothing without one. A last line that a crash has cut short is left out. */
export function readJsonLines(file: string): unknown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line): unknown[] => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
}
