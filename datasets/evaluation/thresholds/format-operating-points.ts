import { tableName, textTable } from '../../text-table';
import { formatScore } from '../format';
import type { NoThreshold, OperatingPoint, ThresholdGoal } from './operating-points';

/** As the user gives it: `f1`, `precision=0.9`. */
export function formatGoal(goal: ThresholdGoal): string {
  return goal === 'f1' ? 'f1' : `precision=${goal.precision}`;
}

const REASONS: Readonly<Record<NoThreshold, string>> = {
  'no objects': 'none: the set has no objects of it',
  'no detections': 'none: nothing of it is found',
  'none right': 'none: no detection of it is right',
  'precision not reached': 'none: the precision is not reached',
};

/** Points as a file of JSON holds them; null for what there is not. */
export function operatingPointsJson(points: readonly OperatingPoint[]): object[] {
  const defined = (value: number): number | null => (value === -1 ? null : value);
  return points.map(({ categoryId, name, threshold, reason, precision, recall, f1, ...counts }) => ({
    category_id: categoryId,
    name,
    threshold: threshold ?? null,
    ...(reason && { reason }),
    precision: defined(precision),
    recall: defined(recall),
    f1: defined(f1),
    ...counts,
  }));
}

/** A table with a row for each category; in the row of one without a threshold, why, and the best point that there is. */
export function formatOperatingPoints(points: readonly OperatingPoint[], goal: ThresholdGoal): string {
  const rows = points.map(({ name, threshold, reason, numTruths, precision, recall, f1 }) => [
    tableName(name),
    threshold?.toFixed(3) ?? REASONS[reason!],
    ...[precision, recall, f1].map(formatScore),
    String(numTruths),
  ]);
  const head = ['category', 'threshold', 'precision', 'recall', 'F1', 'objects'];
  return [`score thresholds for ${formatGoal(goal)}`, ...textTable([head, ...rows], 2)].join('\n');
}
