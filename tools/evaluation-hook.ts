import type { EventStorage } from '../detection/engine/event-storage';
import type { Hook, TrainingState } from '../detection/engine/hooks';
import type { DetectorEvaluation } from './evaluate-detector';
import { evaluationScalars } from './evaluation-metrics';
import { unlessInterrupted } from './interruption';
import { say } from './progress';

export interface EvaluationHookOptions {
  /** Throws Interrupted where the run is stopped. */
  readonly evaluate: (parts: { readonly withLosses: boolean }) => Promise<DetectorEvaluation>;
  /** null: only at the last step. */
  readonly every: number | null;
  /** Tells the storage more than the numbers of what was found. */
  readonly summarize: (storage: EventStorage, result: DetectorEvaluation) => Promise<void>;
  /** Where the run begins; of one that goes on, its `doneUpTo`. */
  readonly doneUpTo: number;
}

/**
 * Evaluates while training, as detectron2's EvalHook: every so many steps, and at the last one. What is due at a step that
 * diverges, or is interrupted, is done after the next step instead.
 */
export class EvaluationHook implements Hook {
  /** What the last evaluation found, and after how many steps. */
  private latest: { readonly iteration: number; readonly result: DetectorEvaluation } | undefined;
  private upTo: number;

  constructor(private readonly options: EvaluationHookOptions) {
    this.upTo = options.doneUpTo;
  }

  /** Every evaluation that was due up to this step has been done: for the checkpoint. */
  get doneUpTo(): number {
    return this.upTo;
  }

  async afterStep({ iteration, iterations, storage }: TrainingState): Promise<void> {
    const { every, evaluate, summarize } = this.options;
    const isDue = every !== null && Math.floor(iteration / every) > Math.floor(this.doneUpTo / every);
    if (!isDue && iteration !== iterations) {
      this.upTo = iteration;
      return;
    }
    const result = await unlessInterrupted(() => evaluate({ withLosses: true }));
    // The trainer has been asked to stop too and ends in order, with a checkpoint.
    if (!result) return;
    this.latest = { iteration, result };
    for (const [name, value] of Object.entries(evaluationScalars(result))) {
      if (Number.isFinite(value)) storage.scalar(name, value);
      else say(`iteration ${iteration}: ${name} is ${value}`);
    }
    await summarize(storage, result);
    this.upTo = iteration;
  }

  /** Whether the step that is over has been evaluated. */
  hasEvaluated({ iteration }: TrainingState): boolean {
    return this.latest?.iteration === iteration;
  }

  /**
   * What is found after the last step: by the evaluation then, or by one now where the run was over before, or had been
   * stopped while it evaluated. undefined where this one is stopped.
   */
  async resultAfter(iteration: number): Promise<DetectorEvaluation | undefined> {
    if (this.latest?.iteration === iteration) return this.latest.result;
    return unlessInterrupted(() => this.options.evaluate({ withLosses: false }));
  }
}
