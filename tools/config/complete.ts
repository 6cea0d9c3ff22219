import { choosePrecision } from '../../detection/backend/node-precision';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { defaultNorm, defaultTrainableLayers } from '../../detection/modeling/definitions/complete-options';
import type { ModelDefinition, NormName } from '../../detection/modeling/detector';
import type { Precision } from '../../detection/nn/precision';
import { sidesOf } from '../../detection/structures/image-sides';
import { MAX_SIDE } from './sections/model-section';
import { DEFAULT_ITERATIONS, type TrainingConfiguration } from './schema';

/** A configuration of which nothing is left to derive but what takes the data: how many iterations its epochs are. */
export type PlannedConfiguration = TrainingConfiguration & {
  readonly model: {
    minSize: number;
    maxSize: number;
    trainableLayers: number;
    norm: NormName;
  };
  readonly optimizer: { lr: number; weightDecay: number };
  readonly data: { trainMinSizes: number[] };
  readonly precision: Precision;
};

/** A configuration without anything left to derive: what the run does, as `config.yaml` states it. */
export type CompleteConfiguration = PlannedConfiguration & {
  readonly iterations: number;
  readonly epochs: null;
  readonly schedule: { warmupIterations: number; milestones: number[] };
};

type StepKeys = Pick<TrainingConfiguration, 'ranks' | 'optimizer' | 'data'>;

/** Batches of an iteration, those of all ranks. */
export function batchesPerStep({ ranks, optimizer }: Pick<StepKeys, 'ranks' | 'optimizer'>): number {
  return ranks * optimizer.accumulate;
}

/** Images of an iteration, those of all ranks. */
export function imagesPerStep(configuration: StepKeys): number {
  return configuration.data.batchSize * batchesPerStep(configuration);
}

/** torchvision's 0.02 for batches of 16 images; the rate goes with the batch (Goyal et al. 2017). */
const SGD_RATE_PER_IMAGE = 0.02 / 16;
/** torchvision's references/detection/train.py. */
const SGD_WEIGHT_DECAY = 1e-4;
/** torch.optim.AdamW's defaults. */
const ADAMW_RATE = 1e-3;
const ADAMW_WEIGHT_DECAY = 0.01;
/** torchvision warms up over 1000 iterations at most; a tenth keeps short runs in proportion. */
const MAX_WARMUP_ITERATIONS = 1000;
const WARMUP_SHARE = 0.1;
/** detectron2's 1x schedule: 60k and 80k of 90k iterations. */
const MILESTONE_SHARES = [2 / 3, 8 / 9] as const;

/**
 * Fills what the user left to be derived, each from the keys that its description names: all but what takes the data.
 *
 * @throws InputError where the model does not have as many stages as are to be trained, takes pictures of another size, or
 *   cannot be trained with so few images at a time, or where the processor does not have the precision.
 */
export function planConfiguration(configuration: TrainingConfiguration): PlannedConfiguration {
  const { model, data, optimizer } = configuration;
  const definition = modelDefinition(model.name);
  const size = sidesOf(definition);
  const pretrained = model.weights !== null;
  const minSize = model.minSize ?? size.minSize;
  const { stages } = definition;
  if (model.trainableLayers !== null && model.trainableLayers > stages) {
    throw new InputError(
      'too-many-stages',
      `model.trainableLayers is ${model.trainableLayers}, but the backbone of ${model.name} has ${stages} stages`,
      { model: model.name, trainableLayers: model.trainableLayers, stages },
    );
  }
  requireOwnSize(definition, configuration);
  const norm = model.norm ?? defaultNorm(definition, pretrained);
  requireLargeBatch(definition, norm, data.batchSize);
  return {
    ...configuration,
    precision: choosePrecision(configuration.precision).precision,
    model: {
      ...model,
      minSize,
      // The model's own proportion, where only the shorter side is given.
      maxSize:
        model.maxSize ??
        (model.minSize === null
          ? size.maxSize
          : Math.min(MAX_SIDE, Math.round((minSize * size.maxSize) / size.minSize))),
      trainableLayers: model.trainableLayers ?? defaultTrainableLayers(definition, pretrained),
      norm,
    },
    data: { ...data, trainMinSizes: data.trainMinSizes ?? trainMinSizesOf(definition, minSize) },
    optimizer: {
      ...optimizer,
      weightDecay:
        optimizer.weightDecay ?? (optimizer.type === 'sgd' ? SGD_WEIGHT_DECAY : ADAMW_WEIGHT_DECAY),
      lr:
        optimizer.lr ??
        (optimizer.type === 'sgd' ? SGD_RATE_PER_IMAGE * imagesPerStep(configuration) : ADAMW_RATE),
    },
    ...(configuration.epochs === null && lengthOf(configuration, iterationsOf(configuration))),
  };
}

/**
 * Fills all that the user left to be derived.
 *
 * @param imagesPerEpoch images that a pass over the training set takes: to be given where the configuration speaks of epochs
 * @throws InputError as planConfiguration
 */
export function completeConfiguration(
  configuration: TrainingConfiguration,
  imagesPerEpoch?: number,
): CompleteConfiguration {
  return {
    ...planConfiguration(configuration),
    ...lengthOf(configuration, iterationsOf(configuration, imagesPerEpoch)),
  };
}

/** Optimizer steps of the whole run. */
function iterationsOf(configuration: TrainingConfiguration, imagesPerEpoch?: number): number {
  const { iterations, epochs } = configuration;
  if (epochs === null) return iterations ?? DEFAULT_ITERATIONS;
  if (imagesPerEpoch === undefined) throw new RangeError('how many images an epoch has is not given');
  const images = epochs * imagesPerEpoch;
  // A tenth of thirty images is three images, not a part of a fourth.
  return Math.ceil(Number((images / imagesPerStep(configuration)).toPrecision(12)));
}

/** What a configuration says of a run of so many iterations. */
function lengthOf(
  { schedule }: TrainingConfiguration,
  iterations: number,
): Pick<CompleteConfiguration, 'iterations' | 'epochs' | 'schedule'> {
  return {
    iterations,
    epochs: null,
    schedule: {
      ...schedule,
      warmupIterations:
        schedule.warmupIterations ?? Math.min(MAX_WARMUP_ITERATIONS, Math.floor(iterations * WARMUP_SHARE)),
      milestones: schedule.milestones ?? MILESTONE_SHARES.map((share) => Math.round(share * iterations)),
    },
  };
}

/** The model's own, in proportion where it is to see pictures of another size. */
function trainMinSizesOf(definition: ModelDefinition, minSize: number): number[] {
  const own = sidesOf(definition).minSize;
  return (definition.trainMinSizes ?? [own]).map((side) => Math.max(1, Math.round((minSize * side) / own)));
}

/**
 * Batch norm does not learn of a single value, which a map of one pixel gives it of one image. Where norm is frozen, what follows the
 * body has batch norm.
 */
function requireLargeBatch(
  { name, smallestBatch = 1 }: ModelDefinition,
  norm: NormName,
  batchSize: number,
): void {
  if (norm === 'group' || batchSize >= smallestBatch) return;
  throw new InputError(
    'small-batch',
    `data.batchSize is ${batchSize}, but ${name} with batch norm needs batches of ${smallestBatch} images or more: ` +
      'its coarsest map has one pixel, and one value has no variance. Or use model.norm group',
    { model: name, batchSize, least: smallestBatch },
  );
}

/** A model that takes pictures of one size cannot be given another. */
function requireOwnSize(
  { name, input: { resize } }: ModelDefinition,
  { model, data }: TrainingConfiguration,
): void {
  if (resize.kind !== 'fixed') return;
  const own = sidesOf({ input: { resize } });
  const isOther = (given: number | null, side: number): boolean => given !== null && given !== side;
  const [key] = [
    ...(isOther(model.minSize, own.minSize) ? ['model.minSize'] : []),
    ...(isOther(model.maxSize, own.maxSize) ? ['model.maxSize'] : []),
    ...(data.trainMinSizes?.some((side) => side !== own.minSize) ? ['data.trainMinSizes'] : []),
  ];
  if (key === undefined) return;
  const size = `${resize.width} x ${resize.height} pixels`;
  throw new InputError('fixed-size', `${key}: ${name} resizes every picture to ${size}; remove this key`, {
    key,
    model: name,
  });
}
