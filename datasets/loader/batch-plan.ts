import type { InputSpec } from '../../detection/structures/input-spec';
import type { Targets } from '../../detection/structures/instances';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import type { Example } from '../examples';
import { aspectRatioGroups } from '../samplers/aspect-ratio-groups';
import { EpochOrder } from '../samplers/epoch-order';
import { GroupedBatches } from '../samplers/grouped-batches';
import { repeatFactors } from '../samplers/repeat-factors';
import { sizeInBatch, type BatchJob } from './batch-job';
import { drawImage, resizeView, viewOf, type AugmentationOptions, type Sample } from './draw-image';
import { equalRuns } from './equal-runs';

/** A batch before its pixels are there. All that is random about it has been drawn. */
export interface BatchPlan {
  readonly job: BatchJob;
  /** In pixels of the resized images. */
  readonly targets: readonly Targets[];
}

/** How examples become batches to train on. */
export interface TrainingPlanOptions extends AugmentationOptions {
  /** Images of a batch. */
  readonly batchSize: number;
  /** Whether only pictures of similar proportions share a batch; see aspectRatioGroups. Default false. */
  readonly aspectRatioGrouping?: boolean;
  /** Frequency below which a category is seen more often; see repeatFactors. Default null: no image comes more often. */
  readonly repeatThreshold?: number | null;
}

/** Which of all batches: of `of` shares that are dealt out in turn, number `index`, counted from 0. */
export interface BatchShare {
  /** Which share, 0..of-1. */
  readonly index: number;
  /** How many shares there are. */
  readonly of: number;
}

export const ALL_BATCHES: BatchShare = { index: 0, of: 1 };

function makePlan(samples: readonly Sample[], input: InputSpec): BatchPlan {
  const pictures = samples.map((sample) => sample.picture);
  return {
    job: { pictures, padded: paddedSize(pictures.map(sizeInBatch), input.sizeDivisor), input },
    targets: samples.map((sample) => sample.targets),
  };
}

/**
 * The batches of a training run from `startIteration` on, without end, or a share of them. Which images, in which order, flipped,
 * colored and resized how, follows from the seed and the iteration alone: a run that is resumed sees what it would have seen.
 * Unless some are to be repeated, all images come once before any comes again; a batch may reach from one round into the
 * next.
 */
export function* trainingPlans(
  examples: readonly Example[],
  options: TrainingPlanOptions,
  startIteration: number,
  share = ALL_BATCHES,
): Generator<BatchPlan, never> {
  const { batchSize } = options;
  const batches = trainingBatches(examples, options).from(startIteration);
  for (let iteration = startIteration; ; iteration++) {
    const images = batches.next().value;
    if ((iteration - startIteration) % share.of !== share.index) continue;
    const samples = images.map((image, i) =>
      drawImage(examples[image], iteration * batchSize + i, examples, options),
    );
    yield makePlan(samples, options.input);
  }
}

/** Images that come in a round of training, in the mean of many where some are repeated. */
export function imagesPerRound(examples: readonly Example[], repeatThreshold: number | null): number {
  return factorsOf(examples, repeatThreshold).reduce((sum, factor) => sum + factor, 0);
}

function factorsOf(examples: readonly Example[], repeatThreshold: number | null): Float64Array {
  if (repeatThreshold === null) return new Float64Array(examples.length).fill(1);
  return repeatFactors(
    examples.map(({ targets }) => targets.labels),
    repeatThreshold,
  );
}

function trainingBatches(
  examples: readonly Example[],
  { batchSize, aspectRatioGrouping = false, repeatThreshold = null, seed }: TrainingPlanOptions,
): GroupedBatches {
  const factors = factorsOf(examples, repeatThreshold);
  const groups = aspectRatioGrouping
    ? aspectRatioGroups(examples.map(({ size }) => size))
    : new Int32Array(examples.length);
  return new GroupedBatches(new EpochOrder(factors, seed), groups, batchSize);
}

/**
 * Each image once, in the order given, as it is. A batch ends where the next image is padded to another size, as detectors give
 * an image other results where it is padded more.
 */
export function* evaluationPlans(
  examples: readonly Example[],
  batchSize: number,
  input: InputSpec,
): Generator<BatchPlan, void> {
  const samples = examples.map((example) => ({
    example,
    resized: resizedSize(example.size, input.resize),
  }));
  const paddedName = ({ resized }: { readonly resized: Size }): string => {
    const { width, height } = paddedSize([resized], input.sizeDivisor);
    return `${width}x${height}`;
  };
  for (const run of equalRuns(samples, batchSize, paddedName)) {
    yield makePlan(
      run.map(({ example, resized }) => resizeView(viewOf(example), { resized })),
      input,
    );
  }
}
