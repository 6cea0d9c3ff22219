import type { Example } from '../examples';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import { trainingPlans } from './batch-plan';
import type { BatchPlan, TrainingPlanOptions } from './batch-plan';

export interface TrainingLoaderOptions extends WorkerOptions, TrainingPlanOptions {
  /** Iterations that an earlier run has done: batches begin where it ended. Default 0. */
  readonly startIteration?: number;
}

/** Batches to train on, without end: all images in random order, then all in another. See BatchLoader. */
export class TrainingLoader extends BatchLoader {
  /**
   * Images without boxes are kept: the model learns from them what is background.
   *
   * @throws RangeError if there are no examples, minSizes are given for an input of a fixed size, or keypoints are not those of
   *   the layout, or may be mirrored without one
   */
  constructor(
    private readonly examples: readonly Example[],
    private readonly trainingOptions: TrainingLoaderOptions,
  ) {
    super(trainingOptions);
    if (examples.length === 0) throw new RangeError('there are no examples to train on');
    const { input, minSizes } = trainingOptions;
    if (minSizes !== undefined && input.resize.kind === 'fixed') {
      throw new RangeError('minSizes: the model takes images of one size only');
    }
    requireLayout(examples, trainingOptions);
  }

  /** @internal */
  protected override plans(): Iterator<BatchPlan> {
    return this.plansFrom(0);
  }

  /** @internal The batches that follow: the picture that is next in the plan comes early. */
  protected override substitutes(index: number): Iterator<BatchPlan, never> {
    return this.plansFrom(index + 1);
  }

  private plansFrom(index: number): Iterator<BatchPlan, never> {
    const { startIteration = 0 } = this.trainingOptions;
    return trainingPlans(this.examples, this.trainingOptions, startIteration + index);
  }
}

function requireLayout(
  examples: readonly Example[],
  { keypoints: layout, flipProbability, geometry: { verticalFlip = 0 } = {} }: TrainingLoaderOptions,
): void {
  if (layout === undefined && flipProbability === 0 && verticalFlip === 0) return;
  for (const { imageId, targets } of examples) {
    const { keypoints, labels } = targets;
    if (keypoints === undefined) continue;
    if (layout === undefined) {
      throw new RangeError(
        'keypoints: the examples have keypoints; say which (the detector’s keypoints), as images are mirrored',
      );
    }
    const expected = labels.length * layout.names.length * 3;
    if (keypoints.length === expected) continue;
    throw new RangeError(
      `image ${imageId} has ${keypoints.length} numbers of keypoints; ${labels.length} objects with ` +
        `${layout.names.length} keypoints each have ${expected}`,
    );
  }
}
