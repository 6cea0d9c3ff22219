import type { EventStorage } from '../events/event-storage';
import type { Optimizer } from './optimizer';

/** How far a training run has come: what hooks may look at. */
export interface TrainingState {
  /** Steps done, those before a resume included. Inside a step it does not count that step yet. */
  iteration: number;
  /** Steps that the run is to have when it is done. */
  readonly iterations: number;
  readonly optimizer: Optimizer;
  /** Where the model and the trainer put their numbers; writers pull from it. */
  readonly storage: EventStorage;
  /** A hook sets it to end the run, as completed, before the next step: nothing more is to be had from it. */
  isEnough: boolean;
  /** `running` until `afterTrain`. */
  outcome: 'running' | 'completed' | 'interrupted' | 'failed';
}

/**
 * Something to do around training, as detectron2's HookBase: evaluate, write checkpoints, report progress. A hook
 * gets the state at each call and holds no trainer; the trainer knows nothing of what hooks do. Hooks run in order.
 */
export interface Hook {
  beforeTrain?(state: TrainingState): void | Promise<void>;
  beforeStep?(state: TrainingState): void | Promise<void>;
  afterStep?(state: TrainingState): void | Promise<void>;
  /** Runs also when training fails (`state.outcome` tells), so that files get closed. */
  afterTrain?(state: TrainingState): void | Promise<void>;
}
