import { IdleRandomStream, RandomStream } from '../../nn/random';
import { numberedCategories } from '../../structures/category-names';
import type { DetectorOptions, ModelDefinition, NormName } from '../detector';

/** torchvision's trainable_backbone_layers with pretrained weights, of most of its detectors. */
const TRAINABLE_LAYERS_WITH_WEIGHTS = 3;

/** What a family needs to know of DetectorOptions, without anything left out. */
export interface CompleteOptions {
  readonly categories: readonly string[];
  readonly seed: number;
  /** Of the initial weights. */
  readonly random: RandomStream;
  readonly norm: NormName;
  readonly trainableLayers: number;
}

/**
 * Fills what was left out of a detector's options.
 *
 * @throws RangeError where the number of classes is unknown or told in two ways, or the backbone does not have as many stages
 *   as are to be trained.
 */
export function completeOptions(
  options: DetectorOptions,
  definition: Pick<ModelDefinition, 'name' | 'stages' | 'trainedStages' | 'pretrainedNorm'>,
): CompleteOptions {
  const { name, stages, pretrainedNorm } = definition;
  const { seed = 0, norm = pretrainedNorm } = options;
  const waitsForWeights = options.norm === undefined || norm === 'frozen';
  const { trainableLayers = defaultTrainableLayers(definition, waitsForWeights) } = options;
  if (trainableLayers > stages) {
    throw new RangeError(
      `the backbone of ${name} has ${stages} stages, so ${trainableLayers} cannot be trained`,
    );
  }
  const random = new (options.awaitsWeights === true ? IdleRandomStream : RandomStream)(seed, 'init');
  return { categories: categoriesOf(options), seed, random, norm, trainableLayers };
}

/** Stages of the backbone that torchvision trains, with pretrained weights and without. */
export function defaultTrainableLayers(
  {
    stages,
    trainedStages = TRAINABLE_LAYERS_WITH_WEIGHTS,
  }: Pick<ModelDefinition, 'stages' | 'trainedStages'>,
  pretrained: boolean,
): number {
  return pretrained ? Math.min(trainedStages, stages) : stages;
}

/** Which normalization torchvision gives a model, with pretrained weights and without. */
export function defaultNorm(
  { pretrainedNorm }: Pick<ModelDefinition, 'pretrainedNorm'>,
  pretrained: boolean,
): NormName {
  return pretrained ? pretrainedNorm : 'batch';
}

function categoriesOf({ categories, numClasses }: DetectorOptions): readonly string[] {
  if (categories === undefined && numClasses === undefined) {
    throw new RangeError('a detector needs the names of its categories, or their number');
  }
  if (categories === undefined) {
    return numberedCategories(numClasses!);
  }
  if (numClasses !== undefined && numClasses !== categories.length) {
    throw new RangeError(`${categories.length} categories, but numClasses ${numClasses}: give one of them`);
  }
  return categories;
}

/** An option that is undefined is left out. */
export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
