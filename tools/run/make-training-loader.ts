import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { squareSide, type ScaleJitter } from '../../datasets/transforms/scale-jitter';
import type { Detector } from '../../detection/modeling/detector';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { CompleteConfiguration } from '../config/complete';
import { wantedTargets } from './wanted-targets';

/**
 * The batches that a configuration asks for, after those that an earlier run has seen.
 *
 * @param detector that is trained.
 */
export function makeTrainingLoader(
  set: CocoDataset,
  detector: Pick<Detector, 'input' | 'definition' | 'keypoints'>,
  { data, seed }: CompleteConfiguration,
  batchesSeen: number,
  listeners: LoaderListeners = {},
): TrainingLoader {
  const { input, keypoints } = detector;
  return new TrainingLoader(cocoExamples(set, wantedTargets(detector, data)), {
    input,
    keypoints,
    batchSize: data.batchSize,
    workers: data.workers,
    ...(input.resize.kind === 'shorter-side' && { minSizes: data.trainMinSizes }),
    flipProbability: data.flip,
    scaleJitter: scaleJitterOf(data.scaleJitter, input),
    geometry: data,
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
