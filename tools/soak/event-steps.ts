import { readFileSync } from 'node:fs';
import { eventValues, readEventRecords } from '../run/folder/event-records';

/** What an event file holds. */
export interface EventSteps {
  /** Steps with a scalar of the tag that was asked for, in the order in which they were written. */
  readonly steps: number[];
  /** Undefined where each record is whole; the last one may be cut off, by a process that was killed. */
  readonly problem: string | undefined;
}

/** Reads the steps of a TensorBoard event file, up to where it is no longer whole. */
export function readEventSteps(file: string, tag: string): EventSteps {
  const { records, damagedAt } = readEventRecords(readFileSync(file));
  const steps = records
    .map(eventValues)
    .filter(({ values }) => values.has(tag))
    .map(({ step }) => step);
  const problem = damagedAt === undefined ? undefined : `the record at byte ${damagedAt} is damaged`;
  return { steps, problem };
}
