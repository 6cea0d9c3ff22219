import type { CocoDataset } from '../../datasets/coco/annotations';
import { leftOutCounts } from '../training-data';

/** What a run's notes are made from. */
export interface NotedRun {
  readonly train: CocoDataset;
  readonly val: CocoDataset | undefined;
  readonly stoppedEarly?: string;
}

/** What went otherwise than usual in a run, a line each. */
export function runNotes({ train, val, stoppedEarly }: NotedRun): string[] {
  const sets = [
    ['training', train],
    ['validation', val],
  ] as const;
  return [
    ...(stoppedEarly === undefined ? [] : [`Stopped early: ${stoppedEarly}.`]),
    ...sets.flatMap(([name, set]) =>
      set !== undefined && set.leftOut.problems.length > 0
        ? [`Left out of the ${name} set as invalid: ${leftOutCounts(set)}; left-out.json says which.`]
        : [],
    ),
  ];
}
