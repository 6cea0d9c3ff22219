import path from 'node:path';
import { z } from 'zod';
import { pluralize } from '../../terminal/pluralize';
import { readBrokenPictures } from '../../run/folder/left-out';
import { readJsonLines } from '../../run/folder/metrics-file';
import { runFolder } from '../../run/folder/run-folder';
import { leftOutCounts } from '../../run/training-data';
import type { FinishedRun } from '../../run/training-run';

/** Iterations that a note names. */
const MAX_NAMED = 10;

/** What went otherwise than usual in a run, a line each. */
export function runNotes(run: FinishedRun): string[] {
  const { stoppedEarly } = run;
  return [
    ...(stoppedEarly === undefined ? [] : [`Stopped early: ${stoppedEarly}.`]),
    ...divergenceNotes(run),
    ...leftOutNotes(run),
  ];
}

const divergence = z.object({ iteration: z.number(), action: z.string() });

function divergenceNotes({ output }: FinishedRun): string[] {
  const file = runFolder(output).divergence;
  const events = readJsonLines(file).flatMap((row) => divergence.safeParse(row).data ?? []);
  if (events.length === 0) return [];
  const named = events.slice(0, MAX_NAMED).map(({ iteration, action }) => `${iteration} (${action})`);
  const more = events.length > MAX_NAMED ? ` and ${events.length - MAX_NAMED} more` : '';
  const count = pluralize(events.length, 'iteration');
  return [`${count} diverged: ${named.join(', ')}${more}; ${path.basename(file)} says why.`];
}

function leftOutNotes({ output, train, val }: FinishedRun): string[] {
  const file = runFolder(output).leftOut;
  const broken = readBrokenPictures(file);
  const sets = [
    ['training', train],
    ['validation', val],
  ] as const;
  return sets.flatMap(([name, set], k) => {
    const count = broken[k] ?? 0;
    return [
      ...(set !== undefined && set.leftOut.problems.length > 0
        ? [
            `Left out of the ${name} set as invalid: ${leftOutCounts(set)}; ${path.basename(file)} says which.`,
          ]
        : []),
      ...(count > 0
        ? [
            `Left out of the ${name} set because they became unreadable during the run: ` +
              `${pluralize(count, 'picture')}; ${path.basename(file)} says which.`,
          ]
        : []),
    ];
  });
}
