import { modulePath } from '../../detection/files/user-module';
import { RandomStream } from '../../detection/nn/random';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Targets } from '../../detection/structures/instances';
import { flippedOrder, type KeypointLayout } from '../../detection/structures/keypoint-layout';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import type { Size, Window } from '../../detection/structures/size';
import { cropInstances, flipInstances, scaleInstances } from '../../detection/structures/transform-instances';
import { aspectRatioGroups } from '../samplers/aspect-ratio-groups';
import { EpochOrder } from '../samplers/epoch-order';
import { GroupedBatches } from '../samplers/grouped-batches';
import { repeatFactors } from '../samplers/repeat-factors';
import { drawPhotometricDistortion } from '../transforms/photometric';
import { drawScaleJitter } from '../transforms/scale-jitter';
import type { ScaleJitter } from '../transforms/scale-jitter';
import { sizeInBatch } from './batch-job';
import type { BatchJob, PictureJob } from './batch-job';
import type { Example } from '../examples';
import { equalRuns } from './equal-runs';

/** A batch before its pixels are there. All that is random about it has been drawn. */
export interface BatchPlan {
  readonly job: BatchJob;
  /** In pixels of the resized images. */
  readonly targets: readonly Targets[];
}

/** How examples become batches to train on. */
export interface TrainingPlanOptions {
  /** How the model takes pictures. */
  readonly input: InputSpec;
  /** Images of a batch. */
  readonly batchSize: number;
  /**
   * Each image's shorter side is drawn from these lengths, pixels, as torchvision's transform does in training. Default: the
   * input's own.
   */
  readonly minSizes?: readonly number[];
  /** Resizes, and takes a part of the picture, instead of what minSizes and the input say. Default null. */
  readonly scaleJitter?: ScaleJitter | null;
  /** How often an image is mirrored left to right. Default 0.5, as in torchvision's references. */
  readonly flipProbability?: number;
  /** The keypoints of the examples, whose left ones become right ones in a mirrored image: a detector's own `keypoints`. Default: none. */
  readonly keypoints?: KeypointLayout;
  /** Probability of each change of a picture's colors; see drawPhotometricDistortion. Default 0. */
  readonly photometricDistortion?: number;
  /**
   * Path or `file:` URL of a JavaScript module whose default export changes the colors of each picture further: see
   * `Augmentation`. Each worker loads it. A relative path is relative to the working directory. Default: none.
   */
  readonly augmentation?: string | URL;
  /** Whether only pictures of similar proportions share a batch; see aspectRatioGroups. Default false. */
  readonly aspectRatioGrouping?: boolean;
  /** Frequency below which a category is seen more often; see repeatFactors. Default null: no image comes more often. */
  readonly repeatThreshold?: number | null;
  /** Order and augmentation follow from it and from the iteration, whatever the number of workers. */
  readonly seed: number;
}

interface Sample {
  readonly picture: PictureJob;
  readonly targets: Targets;
}

/** How large a picture becomes, and the part of that which is used. */
interface Extent {
  readonly resized: Size;
  readonly window?: Window;
}

interface Placement extends Extent {
  /** Whether it is mirrored before. Default false. */
  readonly flip?: boolean;
}

function makeSample(
  { imageId, file, size, upright = false, targets: gtInstances }: Example,
  { resized, window, flip = false }: Placement,
  keypoints?: KeypointLayout,
): Sample {
  const mirrored = flip
    ? flipInstances(gtInstances, size.width, keypoints && flippedOrder(keypoints))
    : gtInstances;
  const targets = scaleInstances(mirrored, size, resized);
  const picture = { imageId, file, size, upright, resized, flip };
  return window === undefined
    ? { picture, targets }
    : { picture: { ...picture, window }, targets: cropInstances(targets, window) };
}

function makePlan(samples: readonly Sample[], input: InputSpec): BatchPlan {
  const pictures = samples.map((sample) => sample.picture);
  return {
    job: { pictures, padded: paddedSize(pictures.map(sizeInBatch), input.sizeDivisor), input },
    targets: samples.map((sample) => sample.targets),
  };
}

/**
 * The batches of a training run from `startIteration` on, without end. Which images, in which order, flipped, colored
 * and resized how, follows from the seed and the iteration alone: a run that is resumed sees what it would have seen.
 * Unless some are to be repeated, all images come once before any comes again; a batch may reach from one round into the
 * next.
 */
export function* trainingPlans(
  examples: readonly Example[],
  options: TrainingPlanOptions,
  startIteration: number,
): Generator<BatchPlan, never> {
  const { batchSize } = options;
  const batches = trainingBatches(examples, options).from(startIteration);
  for (let iteration = startIteration; ; iteration++) {
    const samples = batches
      .next()
      .value.map((image, i) => augment(examples[image], iteration * batchSize + i, options));
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

/** @param draw how many pictures the training has had before this one */
function augment(example: Example, draw: number, options: TrainingPlanOptions): Sample {
  const { flipProbability = 0.5, photometricDistortion = 0, augmentation, keypoints, seed } = options;
  const random = new RandomStream(seed, `augment/${draw}`);
  const flip = random.uniform() < flipProbability;
  const extent = drawExtent(random, example.size, options);
  const { picture, targets } = makeSample(example, { ...extent, flip }, keypoints);
  const colorChanges = drawPhotometricDistortion(random, photometricDistortion);
  const own = augmentation !== undefined && {
    augmentation: { module: modulePath(augmentation), seed, stream: `augmentation/${draw}` },
  };
  return { picture: { ...picture, colorChanges, ...own }, targets };
}

function drawExtent(random: RandomStream, size: Size, options: TrainingPlanOptions): Extent {
  const { input, minSizes, scaleJitter = null } = options;
  if (scaleJitter !== null) return drawScaleJitter(random, size, scaleJitter);
  const { resize } = input;
  if (resize.kind === 'fixed') return { resized: resizedSize(size, resize) };
  const minSize = random.pick(minSizes ?? [resize.minSize]);
  return { resized: resizedSize(size, { ...resize, minSize }) };
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
      run.map(({ example, resized }) => makeSample(example, { resized })),
      input,
    );
  }
}
