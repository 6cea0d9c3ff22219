import type { CocoDataset } from '../../datasets/coco/annotations';
import { InputError } from '../../detection/errors';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { isExact } from '../../weights/checkpoints/resume';
import { resumePoint } from '../../weights/checkpoints/resume-point';
import type { CompleteConfiguration } from '../config/complete';
import { readableMetadata } from '../../weights/detectors/detector-metadata';
import { requireSameKeypoints } from './detector-keypoints';
import { inCategoriesOfRun } from './known-categories';
import { logLine } from '../terminal/progress';
import type { TrainingJob } from './training-run';

/** Where a run begins, or goes on. */
export interface StartingPoint {
  /** The checkpoint that it goes on from; undefined where it begins. */
  readonly checkpoint: string | undefined;
  /** Its training set, in the categories that the detector is trained on. */
  readonly train: CocoDataset;
}

/**
 * Where a run begins, or goes on.
 *
 * @param configuration with what its data decide.
 * @param train its training set.
 * @throws InputError where it cannot go on from there, or not as it is asked to.
 */
export function startingPoint(
  { output, resume, exact }: TrainingJob,
  { iterations }: CompleteConfiguration,
  train: CocoDataset,
): StartingPoint {
  const checkpoint = resume ? resumePoint(output, logLine) : undefined;
  if (checkpoint === undefined) return { checkpoint, train };
  const state = readCheckpointState(checkpoint);
  if (state.iteration > iterations) {
    throw new InputError(
      'too-few-iterations',
      `${output}: this run has done ${state.iteration} iterations already, more than ${iterations}; give a larger --iterations`,
      { iterations, least: state.iteration },
    );
  }
  const said = readableMetadata.safeParse(state.metadata).data;
  const known = inCategoriesOfRun(train, said?.categories ?? [], output);
  requireSameKeypoints(train, said?.options.keypoints, output);
  if (exact && !isExact(state)) {
    throw new InputError(
      'earlier-version',
      `${checkpoint}: is of an earlier version, from which a run cannot be resumed exactly: its random draws would ` +
        'differ. Remove --exact to resume all the same',
      { checkpoint },
    );
  }
  return { checkpoint, train: known };
}
