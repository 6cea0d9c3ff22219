import { RandomStream } from '../../detection/nn/random';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import type { ImageNormalization, ResizeOptions } from '../../detection/structures/resize';
import type { Targets } from '../../detection/structures/targets';
import { flipBoxes, scaleBoxes } from '../../detection/structures/boxes';
import type { BatchJob, PictureJob } from './batch-job';
import type { Example } from './examples';

/** A batch before its pixels are there. All that is random about it has been drawn. */
export interface BatchPlan {
  readonly job: BatchJob;
  /** In pixels of the resized images. */
  readonly targets: readonly Targets[];
}

export interface TrainingPlanOptions extends ImageNormalization {
  readonly batchSize: number;
  /** Each image's shorter side is drawn from these, as torchvision's transform does in training. */
  readonly minSizes: readonly number[];
  readonly maxSize: number;
  readonly resizeRule?: ResizeOptions['resizeRule'];
  readonly flipProbability: number;
  readonly seed: number;
}

interface Sample {
  readonly picture: PictureJob;
  readonly targets: Targets;
}

function makeSample(
  { imageId, file, size, targets }: Example,
  flip: boolean,
  options: ResizeOptions,
): Sample {
  const resized = resizedSize(size, options);
  const boxes = flip ? flipBoxes(targets.gtBoxes, size.width) : targets.gtBoxes;
  return {
    picture: { imageId, file, size, resized, flip },
    targets: { gtBoxes: scaleBoxes(boxes, size, resized), gtLabels: targets.gtLabels },
  };
}

function makePlan(samples: readonly Sample[], { mean, std }: ImageNormalization): BatchPlan {
  const pictures = samples.map((sample) => sample.picture);
  return {
    job: { pictures, padded: paddedSize(pictures.map((picture) => picture.resized)), mean, std },
    targets: samples.map((sample) => sample.targets),
  };
}

/**
 * The batches of a training run from `startIteration` on, without end. Which images, in which order, flipped and
 * resized how, follows from the seed and the iteration alone: a run that is resumed sees what it would have seen.
 * All images come once before any comes again; a batch may reach from one round into the next.
 */
export function* trainingPlans(
  examples: readonly Example[],
  options: TrainingPlanOptions,
  startIteration: number,
): Generator<BatchPlan, never> {
  const { batchSize, minSizes, flipProbability, seed } = options;
  const indices = Int32Array.from(examples.keys());
  let order: { epoch: number; indices: Int32Array } = { epoch: -1, indices };
  const draw = (k: number): Sample => {
    const epoch = Math.floor(k / examples.length);
    if (epoch !== order.epoch) {
      const shuffled = new RandomStream(seed, `order/epoch-${epoch}`).sample(indices, indices.length);
      order = { epoch, indices: shuffled };
    }
    const augmentation = new RandomStream(seed, `augment/${k}`);
    const flip = augmentation.uniform() < flipProbability;
    const example = examples[order.indices[k % examples.length]];
    return makeSample(example, flip, { ...options, minSize: augmentation.pick(minSizes) });
  };
  for (let iteration = startIteration; ; iteration++) {
    yield makePlan(
      Array.from({ length: batchSize }, (_, i) => draw(iteration * batchSize + i)),
      options,
    );
  }
}

/** Each image once, in the order given, as it is; the last batch may be smaller. */
export function* evaluationPlans(
  examples: readonly Example[],
  batchSize: number,
  options: ResizeOptions & ImageNormalization,
): Generator<BatchPlan, void> {
  for (let start = 0; start < examples.length; start += batchSize) {
    yield makePlan(
      examples.slice(start, start + batchSize).map((example) => makeSample(example, false, options)),
      options,
    );
  }
}
