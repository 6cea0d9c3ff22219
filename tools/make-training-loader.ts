import type { CocoDataset } from '../datasets/coco/annotations';
import { TrainingLoader } from '../datasets/loader/training-loader';
import { imageNormalization } from '../detection/modeling/models';
import type { CompleteConfiguration } from './config/complete';
import type { LoaderListeners } from './data-faults';

/** The batches that a configuration asks for, after those that an earlier run has seen. */
export function makeTrainingLoader(
  set: CocoDataset,
  { model, data, seed }: CompleteConfiguration,
  batchesSeen: number,
  listeners: LoaderListeners = {},
): TrainingLoader {
  return new TrainingLoader(set, {
    batchSize: data.batchSize,
    workers: data.workers,
    minSizes: data.trainMinSizes,
    maxSize: model.maxSize,
    ...imageNormalization(model.name),
    flipProbability: data.flip,
    photometricDistortion: data.photometricDistortion,
    aspectRatioGrouping: data.aspectRatioGrouping,
    repeatThreshold: data.repeatThreshold,
    seed,
    startIteration: batchesSeen,
    ...listeners,
  });
}
