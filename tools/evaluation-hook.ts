import type { EventStorage } from '../detection/engine/event-storage';
import type { Hook, TrainingState } from '../detection/engine/hooks';
import type { DetectorEvaluation } from './evaluate-detector';
import { evaluationScalars } from './evaluation-metrics';
import { Interrupted } from './interruption';
import { say } from './progress';

/** Evaluates while training, as detectron2's EvalHook: every so many steps, and at the last one. */
export class EvaluationHook implements Hook {
  /** What the last evaluation found, and after how many steps. */
  latest: { readonly iteration: number; readonly result: DetectorEvaluation } | undefined;

  /**
   * @param every null: only at the last step.
   * @param summarize tells the storage more than the numbers of what was found.
   */
  constructor(
    private readonly evaluate: () => Promise<DetectorEvaluation>,
    private readonly every: number | null,
    private readonly summarize: (storage: EventStorage, result: DetectorEvaluation) => Promise<void>,
  ) {}

  async afterStep({ iteration, iterations, storage }: TrainingState): Promise<void> {
    const isDue = this.every !== null && iteration % this.every === 0;
    if (!isDue && iteration !== iterations) return;
    try {
      const result = await this.evaluate();
      this.latest = { iteration, result };
      for (const [name, value] of Object.entries(evaluationScalars(result))) {
        if (Number.isFinite(value)) storage.scalar(name, value);
        else say(`iteration ${iteration}: ${name} is ${value}`);
      }
      await this.summarize(storage, result);
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
