import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { InputError } from '../../detection/errors';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { isExact } from '../../weights/checkpoints/resume';
import { resumePoint } from '../../weights/checkpoints/resume-point';
import type { CompleteConfiguration } from '../config/complete';
import { logLine } from '../terminal/progress';
import type { TrainingJob } from './training-run';

/**
 * The checkpoint that a run is to go on from; undefined where it begins.
 *
 * @param configuration with what its data decide.
 * @param train its training set.
 * @throws InputError where it cannot go on from there, or not as it is asked to.
 */
export function startingPoint(
  { output, resume, exact }: TrainingJob,
  { iterations }: CompleteConfiguration,
  { file, categories }: CocoDataset,
): string | undefined {
  const checkpoint = resume ? resumePoint(output, logLine) : undefined;
  if (checkpoint === undefined) return undefined;
  const state = readCheckpointState(checkpoint);
  if (state.iteration > iterations) {
    throw new InputError(
      'too-few-iterations',
      `${output}: this run has done ${state.iteration} iterations already, more than ${iterations}; give a larger --iterations`,
      { iterations, least: state.iteration },
    );
  }
  // Other categories would give the detector's labels other meanings.
  if (!isDeepStrictEqual(state.metadata['categories'], categories)) {
    throw new InputError(
      'other-categories',
      `${file}: its categories are not those that ${output} has been trained on`,
      { file, output },
    );
  }
  if (exact && !isExact(state)) {
    throw new InputError(
      'earlier-version',
      `${checkpoint}: is of an earlier version, from which a run cannot be resumed exactly: its random draws would ` +
        'differ. Remove --exact to resume all the same',
      { checkpoint },
    );
  }
  return checkpoint;
}
