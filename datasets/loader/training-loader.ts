import { InputError } from '../../detection/errors';
import type { CocoDataset } from '../coco/annotations';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import { trainingPlans } from './batch-plan';
import type { BatchPlan, TrainingPlanOptions } from './batch-plan';
import { cocoExamples } from '../examples';
import type { Example } from '../examples';

export interface TrainingLoaderOptions extends WorkerOptions, TrainingPlanOptions {
  /** Iterations that an earlier run has done: batches begin where it ended. Default 0. */
  readonly startIteration?: number;
}

/** Batches to train on, without end: all images in random order, then all in another. See BatchLoader. */
export class TrainingLoader extends BatchLoader {
  private readonly examples: readonly Example[];

  /**
   * Images without boxes are kept: the model learns from them what is background.
   *
   * @throws InputError if there are no images
   */
  constructor(
    dataset: CocoDataset,
    private readonly trainingOptions: TrainingLoaderOptions,
  ) {
    super(trainingOptions);
    this.examples = cocoExamples(dataset);
    if (dataset.images.length === 0) throw new InputError(`${dataset.file}: there are no images to train on`);
  }

  protected override plans(): Iterator<BatchPlan> {
    return this.plansFrom(0);
  }

  /** The batches that follow: the picture that is next in the plan comes early. */
  protected override substitutes(index: number): Iterator<BatchPlan, never> {
    return this.plansFrom(index + 1);
  }

  private plansFrom(index: number): Iterator<BatchPlan, never> {
    const { startIteration = 0 } = this.trainingOptions;
    return trainingPlans(this.examples, this.trainingOptions, startIteration + index);
  }
}
