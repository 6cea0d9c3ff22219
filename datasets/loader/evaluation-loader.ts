import type { InputSpec } from '../../detection/structures/input-spec';
import type { Example } from '../examples';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import { evaluationPlans } from './batch-plan';
import type { BatchPlan } from './batch-plan';

export interface EvaluationLoaderOptions extends WorkerOptions {
  /** How the model takes pictures. */
  readonly input: InputSpec;
  /** Most images of a batch. Only images that are padded to one size share a batch. Default 1. */
  readonly batchSize?: number;
}

/**
 * All images once, in the order given, unflipped; batches are smaller where sizes change. Targets come along for validation
 * losses. See BatchLoader.
 */
export class EvaluationLoader extends BatchLoader {
  /**
   * A loader; its workers start when it is iterated.
   *
   * @param examples in the order in which they come.
   */
  constructor(
    private readonly examples: readonly Example[],
    private readonly evaluationOptions: EvaluationLoaderOptions,
  ) {
    super(evaluationOptions);
  }

  /** @internal */
  protected override plans(): Iterator<BatchPlan> {
    const { input, batchSize = 1 } = this.evaluationOptions;
    return evaluationPlans(this.examples, batchSize, input);
  }

  /** @internal None: every image is there once at most. */
  protected override substitutes(): Iterator<BatchPlan, void> {
    return [].values();
  }
}
