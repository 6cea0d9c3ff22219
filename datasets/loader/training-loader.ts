import type { Example } from '../examples';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import {
  ALL_BATCHES,
  trainingPlans,
  type BatchPlan,
  type BatchShare,
  type TrainingPlanOptions,
} from './batch-plan';

export interface TrainingLoaderOptions extends WorkerOptions, TrainingPlanOptions {
  /** Iterations that an earlier run has done: batches begin where it ended. Default 0. */
  readonly startIteration?: number;
  /** Of processes that train together: which of the batches from there on are this one's, dealt out in turn. Default: all. */
  readonly share?: BatchShare;
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
    const { startIteration = 0, share } = this.trainingOptions;
    return trainingPlans(this.examples, this.trainingOptions, startIteration, share);
  }

  /**
   * @internal
   * The batches that follow, of whatever share: the picture that is next in the plan comes early, and it is the same one however
   * batches are dealt out.
   */
  protected override substitutes(index: number): Iterator<BatchPlan, never> {
    const { startIteration = 0, share = ALL_BATCHES } = this.trainingOptions;
    const batch = startIteration + index * share.of + share.index;
    return trainingPlans(this.examples, this.trainingOptions, batch + 1);
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
