import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import type { BatchShare } from '../../datasets/loader/batch-plan';
import { TrainingLoader } from '../../datasets/loader/training-loader';
import { squareSide, type ScaleJitter } from '../../datasets/transforms/scale-jitter';
import type { Detector } from '../../detection/modeling/detector';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { CompleteConfiguration } from '../config/complete';
import { wantedTargets } from './wanted-targets';

/** Which of a run's batches, and who is told what goes wrong with them. */
export interface LoadedPart {
  /** By an earlier run. */
  readonly batchesSeen: number;
  /** Of ranks that train together. Default: all batches. */
  readonly share?: BatchShare;
  readonly listeners?: LoaderListeners;
}

/**
 * The batches that a configuration asks for, after those that an earlier run has seen.
 *
 * @param detector that is trained.
 */
export function makeTrainingLoader(
  set: CocoDataset,
  detector: Pick<Detector, 'input' | 'definition' | 'keypoints'>,
  { data, seed }: CompleteConfiguration,
  { batchesSeen, share, listeners }: LoadedPart,
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
    share,
    ...listeners,
  });
}

function scaleJitterOf(range: readonly number[] | null, input: InputSpec): ScaleJitter | null {
  return range === null ? null : { range: [range[0], range[1]], side: squareSide(input) };
}
