import type { ImageNormalization, ResizeOptions } from '../../detection/structures/resize';
import type { CocoDataset } from '../coco/annotations';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import { evaluationPlans } from './batch-plan';
import type { BatchPlan } from './batch-plan';
import { cocoExamples } from '../examples';
import type { Example } from '../examples';

export interface EvaluationLoaderOptions extends WorkerOptions, ResizeOptions, ImageNormalization {
  /** Images of a batch. Default 1: no image is padded to the size of another. */
  readonly batchSize?: number;
}

/**
 * All images once, in the order of their ids, unflipped; the last batch may be smaller. Targets come along for
 * validation losses. See BatchLoader.
 */
export class EvaluationLoader extends BatchLoader {
  private readonly examples: readonly Example[];

  constructor(
    dataset: CocoDataset,
    private readonly evaluationOptions: EvaluationLoaderOptions,
  ) {
    super(evaluationOptions);
    this.examples = cocoExamples(dataset);
  }

  protected override plans(): Iterator<BatchPlan> {
    return evaluationPlans(this.examples, this.evaluationOptions.batchSize ?? 1, this.evaluationOptions);
  }

  /** None: every image is there once at most. */
  protected override substitutes(): Iterator<BatchPlan, void> {
    return [].values();
  }
}
