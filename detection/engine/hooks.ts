import type { EventStorage } from '../events/event-storage';
import type { Optimizer } from './optimizer';

/** What JSON can hold and gives back as it was. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How far a training run has come: what hooks may look at. */
export interface TrainingState {
  /** Steps done, those before a resume included. Inside a step it does not count that step yet. */
  iteration: number;
  /** Steps that the run is to have when it is done. */
  readonly iterations: number;
  /** The optimizer of the run. */
  readonly optimizer: Optimizer;
  /** All hooks of the run, in their order. */
  readonly hooks: readonly Hook[];
  /** Where the model and the trainer put their numbers; writers pull from it. */
  readonly storage: EventStorage;
  /** A hook sets it to end the run, as completed, before the next step: nothing more is to be had from it. */
  shouldStop: boolean;
  /** `running` until `afterTrain`. */
  outcome: 'running' | 'completed' | 'interrupted' | 'failed';
}

/**
 * Something to do around training, as detectron2's HookBase: evaluate, write checkpoints, report progress. A hook
 * gets the state at each call and holds no trainer; the trainer knows nothing of what hooks do. Hooks run in order.
 */
export interface Hook {
  /** No other hook of the run has it. It finds the hook's state in a checkpoint. */
  readonly name: string;
  /** What it has to remember when the run goes on in another process: goes into each checkpoint by itself. */
  state?(): Json;
  /**
   * Takes back what `state` gave, before the run goes on; not called where a checkpoint has nothing of this hook.
   *
   * @throws Error where it is no state of such a hook.
   */
  restore?(state: Json): void;
  /** Runs once before the first step, also of a run that has no step left to do. */
  beforeTrain?(state: TrainingState): void | Promise<void>;
  /** Runs before each step, in which the model has not seen any batch yet. */
  beforeStep?(state: TrainingState): void | Promise<void>;
  /** Runs after each step, which `state.iteration` counts. */
  afterStep?(state: TrainingState): void | Promise<void>;
  /** Runs also when training fails (`state.outcome` tells), so that files get closed. */
  afterTrain?(state: TrainingState): void | Promise<void>;
}
