import type { EventStorage } from '../detection/engine/event-storage';
import type { Hook, TrainingState } from '../detection/engine/hooks';
import type { DetectorEvaluation } from './evaluate-detector';
import { Interrupted } from './interruption';

/** The scalar by which a run's best checkpoint is chosen. */
export const BEST_METRIC = 'val/AP';

/** Evaluates while training, as detectron2's EvalHook: every so many steps, and at the last one. */
export class EvaluationHook implements Hook {
  /** What the last evaluation found, and after how many steps. */
  latest: { readonly iteration: number; readonly result: DetectorEvaluation } | undefined;

  /**
   * @param every null: only at the last step.
   * @param summarize tells the storage more than the scores of what was found.
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
      const { stats, names } = result.evaluation;
      names.forEach((name, k) => storage.scalar(`val/${name}`, stats[k]));
      await this.summarize(storage, result);
    } catch (error) {
      // The trainer has been asked to stop too and ends in order, with a checkpoint.
      if (!(error instanceof Interrupted)) throw error;
    }
  }
}
