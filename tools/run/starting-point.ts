import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { InputError } from '../../detection/errors';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { isExact } from '../../weights/checkpoints/resume';
import { resumePoint } from '../../weights/checkpoints/resume-point';
import type { CompleteConfiguration } from '../config/complete';
import { say } from '../terminal/progress';
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
  const checkpoint = resume ? resumePoint(output, say) : undefined;
  if (checkpoint === undefined) return undefined;
  const state = readCheckpointState(checkpoint);
  if (state.iteration > iterations) {
    throw new InputError(
      'too-few-iterations',
      `${output}: this run has done ${state.iteration} iterations, more than the ${iterations} that it is to have; give --iterations`,
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
      `${checkpoint}: is of an earlier version, from which a run cannot go on exactly: its random draws would be ` +
        'others than they would have been. Leave out --exact to go on with those',
      { checkpoint },
    );
  }
  return checkpoint;
}
