import type { Metric } from '../../detection/engine/metric';
import type { CompleteConfiguration } from '../config/complete';
import type { Learner } from './start-detector';
import type { StartingPoint } from './starting-point';
import type { TrainingData } from './training-data';

/** A run to do, checked: what can be refused before it has been. */
export interface TrainingJob {
  readonly configuration: CompleteConfiguration;
  /** The run's folder. */
  readonly output: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  /** What the user types to go on when the run has been stopped. */
  readonly resumeCommand: string;
}

/** A run that can begin: its data have been read, its detector is built and, where the run goes on, restored. */
export interface TrainingRun extends TrainingJob {
  readonly data: TrainingData;
  /** What makes a checkpoint the best. Undefined without a validation set. */
  readonly metric: Metric | undefined;
  readonly learner: Learner;
  readonly start: StartingPoint;
}
