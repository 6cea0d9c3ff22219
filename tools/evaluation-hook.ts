import type { EventStorage } from '../detection/engine/event-storage';
import type { Hook, TrainingState } from '../detection/engine/hooks';
import type { DetectorEvaluation } from './evaluate-detector';
import { evaluationScalars } from './evaluation-metrics';
import { Interrupted } from './interruption';
import { say } from './progress';

export interface EvaluationHookOptions {
  readonly evaluate: () => Promise<DetectorEvaluation>;
  /** null: only at the last step. */
  readonly every: number | null;
  /** Tells the storage more than the numbers of what was found. */
  readonly summarize: (storage: EventStorage, result: DetectorEvaluation) => Promise<void>;
  /** `doneUpTo` of the run that goes on. */
  readonly doneUpTo?: number;
}

/**
 * Evaluates while training, as detectron2's EvalHook: every so many steps, and at the last one. What is due at a step that
 * diverges, or is interrupted, is done after the next step instead.
 */
export class EvaluationHook implements Hook {
  /** What the last evaluation found, and after how many steps. */
  latest: { readonly iteration: number; readonly result: DetectorEvaluation } | undefined;
  private upTo: number | undefined;

  constructor(private readonly options: EvaluationHookOptions) {
    this.upTo = options.doneUpTo;
  }

  /** Every evaluation that was due up to this step has been done: for the checkpoint. */
  get doneUpTo(): number {
    return this.upTo ?? 0;
  }

  beforeTrain({ iteration }: TrainingState): void {
    this.upTo ??= iteration;
  }

  async afterStep({ iteration, iterations, storage }: TrainingState): Promise<void> {
    const { every, evaluate, summarize } = this.options;
    const isDue = every !== null && Math.floor(iteration / every) > Math.floor(this.doneUpTo / every);
    if (!isDue && iteration !== iterations) {
      this.upTo = iteration;
      return;
    }
    try {
      const result = await evaluate();
      this.latest = { iteration, result };
      for (const [name, value] of Object.entries(evaluationScalars(result))) {
        if (Number.isFinite(value)) storage.scalar(name, value);
        else say(`iteration ${iteration}: ${name} is ${value}`);
      }
      await summarize(storage, result);
      this.upTo = iteration;
    } catch (error) {
      // The trainer has been asked to stop too and ends in order, with a checkpoint.
      if (!(error instanceof Interrupted)) throw error;
    }
  }

  /** Whether the step that is over has been evaluated. */
  hasEvaluated({ iteration }: TrainingState): boolean {
    return this.latest?.iteration === iteration;
  }
}
