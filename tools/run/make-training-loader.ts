import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { squareSide, type ScaleJitter } from '../../datasets/transforms/scale-jitter';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { CompleteConfiguration } from '../config/complete';
import { detectorInput } from '../config/model-input';

/** The batches that a configuration asks for, after those that an earlier run has seen. */
export function makeTrainingLoader(
  set: CocoDataset,
  { model, data, seed }: CompleteConfiguration,
  batchesSeen: number,
  listeners: LoaderListeners = {},
): TrainingLoader {
  const input = detectorInput(modelDefinition(model.name), model);
  return new TrainingLoader(cocoExamples(set), {
    input,
    batchSize: data.batchSize,
    workers: data.workers,
    ...(input.resize.kind === 'shorter-side' && { minSizes: data.trainMinSizes }),
    flipProbability: data.flip,
    scaleJitter: scaleJitterOf(data.scaleJitter, input),
    photometricDistortion: data.photometricDistortion,
    aspectRatioGrouping: data.aspectRatioGrouping,
    repeatThreshold: data.repeatThreshold,
    seed,
    startIteration: batchesSeen,
    ...listeners,
  });
}

function scaleJitterOf(range: readonly number[] | null, input: InputSpec): ScaleJitter | null {
  return range === null ? null : { range: [range[0], range[1]], side: squareSide(input) };
}
