import type { CocoDataset } from '../../datasets/coco/annotations';
import type { DivergenceError } from '../../detection/engine/divergence-error';
import type { Metric } from '../../detection/engine/metric';
import type { Replicas } from '../../detection/engine/replicas';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { InputError } from '../../detection/errors';
import type { CompleteConfiguration, PlannedConfiguration } from '../config/complete';
import type { DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import type { Interrupted } from '../terminal/interruption';
import type { Ranks } from './ranks/open-ranks';
import type { Learner } from './start-detector';

/** What is asked for, checked: what can be refused before anything has been read has been. */
export interface TrainingJob {
  readonly configuration: PlannedConfiguration;
  /** The run's folder. */
  readonly output: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  /** Whether to refuse to go on where the run would not be, to the bit, the one that was never stopped. */
  readonly exact: boolean;
  /** What the user types to go on when the run has been stopped. */
  readonly resumeCommand: string;
  /** The others that train with this process, which is number 0 of them; none if left out. */
  readonly ranks?: Ranks;
}

/** A run and what it works with. */
export interface TrainingRun extends TrainingJob {
  /** With what its data and its start weights decide. */
  readonly configuration: CompleteConfiguration;
  /** In the categories that the detector's labels stand for. */
  readonly train: CocoDataset;
  /** What it is evaluated on, if anything, in the same categories. */
  readonly val: CocoDataset | undefined;
  /** What makes a checkpoint the best. Undefined without a validation set. */
  readonly metric: Metric | undefined;
  readonly learner: Learner;
  /** The checkpoint that it goes on from; undefined where it begins. */
  readonly checkpoint: string | undefined;
  /** As the trainer knows the ranks. */
  readonly replicas: Replicas | undefined;
}

/** A run that is done, or has been stopped, and how it ended. What it learned is in its folder. */
export interface FinishedRun extends Omit<TrainingRun, 'learner' | 'replicas' | 'ranks'> {
  /** Steps done in all. */
  readonly iteration: number;
  /** Of the weights after the last step; undefined without a validation set, and where the run has been stopped. */
  readonly result: DetectorEvaluation | undefined;
  /** The keypoints that the detector finds; absent of one that finds none. */
  readonly keypoints?: KeypointLayout;
  /** Says that the user stopped the run, or that its data cannot be used any more, and how to go on. */
  readonly interrupted?: Interrupted | InputError | DivergenceError;
  /** Says why the run ended before its last iteration, where it did so by itself. */
  readonly stoppedEarly?: string;
}
