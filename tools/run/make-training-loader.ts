import type { CocoDataset } from '../../datasets/coco/annotations';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { squareSide, type ScaleJitter } from '../../datasets/transforms/scale-jitter';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { CompleteConfiguration } from '../config/complete';

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
    mean: modelDefinition(model.name).input.mean,
    std: modelDefinition(model.name).input.std,
    flipProbability: data.flip,
    scaleJitter: scaleJitterOf(data.scaleJitter, model),
    photometricDistortion: data.photometricDistortion,
    aspectRatioGrouping: data.aspectRatioGrouping,
    repeatThreshold: data.repeatThreshold,
    seed,
    startIteration: batchesSeen,
    ...listeners,
  });
}

function scaleJitterOf(
  range: readonly number[] | null,
  model: CompleteConfiguration['model'],
): ScaleJitter | null {
  return range === null ? null : { range: [range[0], range[1]], side: squareSide(model) };
}
