import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { InputError } from '../../detection/errors';
import { loadCheckpoint, readCheckpointState } from '../../weights/checkpoints/checkpoint';
import type { CompleteConfiguration } from '../config/complete';
import { say } from '../terminal/progress';
import type { Learner } from './start-detector';

/** What a run remembers of its steps, in the metadata of its checkpoints. Checkpoints of before lack some of it. */
const runMemory = z.object({
  /** The steps that have diverged. */
  divergedIterations: z.array(z.int()).readonly().catch([]),
  /** EarlyStopping.state */
  earlyStopping: z
    .object({
      best: z.object({ value: z.number(), iteration: z.int() }).nullable(),
      evaluationsSince: z.int().min(0),
    })
    .optional()
    .catch(undefined),
  /** EvaluationHook.doneUpTo */
  evaluatedUpTo: z.int().min(0).optional().catch(undefined),
});

export type RunMemory = Readonly<z.output<typeof runMemory>>;

/** Where a run begins, or goes on. */
export interface StartingPoint extends RunMemory {
  /** Steps done. */
  readonly iteration: number;
}

/** Of a run that nothing is known of. */
export const FIRST_STEP: StartingPoint = { iteration: 0, divergedIterations: [] };

/** What a checkpoint's metadata say of the run's steps. */
export function runMemoryOf(metadata: Readonly<Record<string, unknown>>): RunMemory {
  return runMemory.parse(metadata);
}

/**
 * Puts what learns back to where a run had come, and says so.
 *
 * @param output the run's folder, to be named.
 * @throws InputError where this run cannot go on from this checkpoint.
 */
export function goOnFrom(
  checkpoint: string,
  output: string,
  { iterations }: CompleteConfiguration,
  { file, categories }: CocoDataset,
  learner: Learner,
): StartingPoint {
  const { iteration, metadata } = readCheckpointState(checkpoint);
  if (iteration > iterations) {
    throw new InputError(
      `${output}: this run has done ${iteration} iterations, more than the ${iterations} that it is to have; give --iterations`,
    );
  }
  // Other categories would give the detector's labels other meanings.
  if (!isDeepStrictEqual(metadata['categories'], categories)) {
    throw new InputError(`${file}: its categories are not those that ${output} has been trained on`);
  }
  loadCheckpoint(checkpoint, learner);
  say(`going on after iteration ${iteration}`);
  return { iteration, ...runMemoryOf(metadata) };
}
