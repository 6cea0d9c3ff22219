import type { EventStorage } from '../../../detection/events/event-storage';
import type { Hook, Json, TrainingState } from '../../../detection/engine/hooks';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { evaluationScalars } from './evaluation-metrics';
import { unlessInterrupted } from '../../terminal/interruption';
import { logLine } from '../../terminal/progress';

export interface EvaluationHookOptions {
  /** Throws Interrupted where the run is stopped. */
  readonly evaluate: (parts: { readonly withLosses: boolean }) => Promise<DetectorEvaluation>;
  /** null: only at the last step. */
  readonly every: number | null;
  /** Tells the storage more than the numbers of what was found. */
  readonly summarize: (storage: EventStorage, result: DetectorEvaluation) => Promise<void>;
}

/**
 * Evaluates while training, as detectron2's EvalHook: every so many steps, and at the last one. An evaluation that is
 * interrupted is made when the run goes on, before its next step, and belongs to the step that it was due at.
 */
export class EvaluationHook implements Hook {
  readonly name = 'evaluation';
  /** What the last evaluation found, and after how many steps. */
  private latest: { readonly iteration: number; readonly result: DetectorEvaluation } | undefined;
  /** Every evaluation that was due up to this step has been done. Not known before a run that has no state begins. */
  private evaluatedThrough: number | undefined;

  constructor(private readonly options: EvaluationHookOptions) {}

  state(): Json {
    return this.evaluatedThrough ?? null;
  }

  restore(state: Json): void {
    if (typeof state !== 'number' || !Number.isSafeInteger(state)) throw new Error('it is not an iteration');
    this.evaluatedThrough = state;
  }

  async beforeTrain(state: TrainingState): Promise<void> {
    this.evaluatedThrough ??= state.iteration;
    if (!this.isOutstanding(state, this.evaluatedThrough)) return;
    state.storage.startIteration(state.iteration);
    await this.evaluate(state);
  }

  async afterStep(state: TrainingState): Promise<void> {
    if (this.isOutstanding(state, this.evaluatedThrough ?? 0)) await this.evaluate(state);
    else this.evaluatedThrough = state.iteration;
  }

  /** Whether an evaluation is due that has not been made. */
  private isOutstanding({ iteration, iterations }: TrainingState, evaluatedThrough: number): boolean {
    const { every } = this.options;
    if (evaluatedThrough >= iteration) return false;
    const isDue = every !== null && Math.floor(iteration / every) > Math.floor(evaluatedThrough / every);
    return isDue || iteration === iterations;
  }

  private async evaluate({ iteration, storage }: TrainingState): Promise<void> {
    const { evaluate, summarize } = this.options;
    const result = await unlessInterrupted(() => evaluate({ withLosses: true }));
    // The trainer has been asked to stop too and ends in order, with a checkpoint.
    if (!result) return;
    this.latest = { iteration, result };
    for (const [name, value] of Object.entries(evaluationScalars(result))) {
      if (Number.isFinite(value)) storage.scalar(name, value);
      else logLine(`iteration ${iteration}: ${name} is ${value}`);
    }
    await summarize(storage, result);
    this.evaluatedThrough = iteration;
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
