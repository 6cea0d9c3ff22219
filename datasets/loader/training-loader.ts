import { InputError } from '../../detection/errors';
import type { ImageNormalization, ResizeRule } from '../../detection/structures/resize';
import type { CocoDataset } from '../coco/annotations';
import { BatchLoader } from './batch-loader';
import type { WorkerOptions } from './batch-loader';
import { trainingPlans } from './batch-plan';
import type { BatchPlan } from './batch-plan';
import { cocoExamples } from './examples';
import type { Example } from './examples';

export interface TrainingLoaderOptions extends WorkerOptions, ImageNormalization {
  /** Images of a batch. */
  readonly batchSize: number;
  /** Each image's shorter side is drawn from these lengths, pixels. */
  readonly minSizes: readonly number[];
  /** Upper limit for the longer side, pixels. */
  readonly maxSize: number;
  /** Default 'float64'. */
  readonly resizeRule?: ResizeRule;
  /** How often an image is mirrored left to right. Default 0.5, as in torchvision's references. */
  readonly flipProbability?: number;
  /** Order and augmentation follow from it and from the iteration, whatever the number of workers. */
  readonly seed: number;
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
    const { flipProbability = 0.5, startIteration = 0 } = this.trainingOptions;
    return trainingPlans(this.examples, { ...this.trainingOptions, flipProbability }, startIteration);
  }
}
