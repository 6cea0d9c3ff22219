import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { squareSide, type ScaleJitter } from '../../datasets/transforms/scale-jitter';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { CompleteConfiguration } from '../config/complete';

/**
 * The batches that a configuration asks for, after those that an earlier run has seen.
 *
 * @param input of the detector that is trained.
 */
export function makeTrainingLoader(
  set: CocoDataset,
  input: InputSpec,
  { data, seed }: CompleteConfiguration,
  batchesSeen: number,
  listeners: LoaderListeners = {},
): TrainingLoader {
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
