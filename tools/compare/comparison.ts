import type {
  BootstrapComparison,
  BootstrapDifference,
} from '../../datasets/evaluation/bootstrap/paired-bootstrap';
import type { IouType } from '../../detection/modeling/detector';
import type { Series } from '../html/charts';
import { taskNames } from '../run/tasks';

/** Points of both: what one lacks is empty. */
export interface PairedCurve {
  readonly name: string;
  readonly a: Series['points'];
  readonly b: Series['points'];
}

/** How two detectors compare in one of the things that both find. */
export interface TaskComparison {
  readonly iouType: IouType;
  readonly bootstrap: BootstrapComparison;
}

/** Two runs, or two files of detections, on one data set. */
export interface Comparison {
  /** What each is called. */
  readonly names: readonly [a: string, b: string];
  /** The annotation file. */
  readonly dataset: string;
  readonly numImages: number;
  /** What both find; boxes come first. */
  readonly tasks: readonly TaskComparison[];
  /** Losses and evaluations by iteration; none of files. */
  readonly losses: readonly PairedCurve[];
  readonly scores: readonly PairedCurve[];
  /** Keys of the configuration in which the runs differ, and their values. */
  readonly settings: readonly (readonly [key: string, a: string, b: string])[];
}

/** Whether the interval leaves out 0. */
export function isClear({ low, high }: BootstrapDifference): boolean {
  return low > 0 || high < 0;
}

/** In a sentence for each task: which is better, or that these pictures do not show it. */
export function verdicts({ tasks, ...comparison }: Comparison): string[] {
  return tasks.map((task) => {
    const sentence = verdict(task, comparison);
    return tasks.length === 1 ? sentence : `${taskNames[task.iouType]}: ${sentence}`;
  });
}

function verdict(
  { bootstrap: { AP } }: TaskComparison,
  { names: [a, b], numImages }: Pick<Comparison, 'names' | 'numImages'>,
): string {
  if (Number.isNaN(AP.difference)) return 'there is nothing to be found in the data set';
  const interval = `95 % interval ${signed(AP.low)} to ${signed(AP.high)}`;
  if (AP.low > 0) return `${b} is better than ${a} by ${signed(AP.difference)} AP, ${interval}`;
  if (AP.high < 0) return `${b} is worse than ${a} by ${signed(AP.difference)} AP, ${interval}`;
  return `${numImages} images do not show that either is better: ${signed(AP.difference)} AP, ${interval}`;
}

/** `+0.012`; a dash where it is undefined. */
export function signed(value: number): string {
  if (Number.isNaN(value)) return '-';
  const text = value.toFixed(3);
  return value < 0 && Number(text) !== 0 ? text : `+${text.replace('-', '')}`;
}
