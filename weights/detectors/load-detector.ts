import type { CocoCategory } from '../../datasets/coco/category-map';
import { InputError } from '../../detection/errors';
import type { PublishedWeights } from '../../detection/modeling/detector';
import type { Detector, ModelDefinition } from '../../detection/modeling/detector';
import type { WeightsContents } from '../formats/pickle/pickled-state-dict';
import { readWeights } from '../formats/read-weights';
import { isWeightsName } from '../published/zoo';
import { loadStateDict } from '../state-dict';
import type { KnownDetector } from './detector-metadata';
import { knownDetector } from './known-detector';
import {
  locateWeights,
  publicationOf,
  requireWeights,
  type LocatedWeights,
  type WeightsOptions,
} from './locate-weights';
import { inputOfSides, unknownSizeNote, type GivenSides } from './given-sides';
import { emitProcessWarning } from '../checkpoints/process-warning';
import { modelDefinition } from '../../detection/modeling/definitions';
import { normOf } from './norm-of';
import type { ScoreThresholds } from './score-thresholds';
import { requireOwnModel } from './own-model';
import { unnamedCategories } from './unnamed-categories';

/** A detector that is ready to detect. */
export interface LoadedDetector {
  /** The caller disposes it. All of it is frozen. */
  readonly model: Detector;
  /** Ids and names, by label - 1. */
  readonly categories: readonly CocoCategory[];
  /** From which scores on detections count, where that is stored with the weights. */
  readonly scoreThresholds?: ScoreThresholds;
}

/** What the caller says of weights. */
export interface LoadDetectorOptions extends WeightsOptions, GivenSides {
  /** The model's name, or a definition of one's own, where the weights do not tell it. */
  readonly model?: string | ModelDefinition;
  /** Epsilon of batch norm, where that is neither the model's own nor known. */
  readonly normEpsilon?: number;
}

/**
 * Builds the detector that weights are of, and loads them: torchvision's published weights by name, which need the model's and
 * are downloaded once, into the cache; a checkpoint's folder or the model file in one; or a file of weights in torchvision's
 * names. A file of unknown origin needs the model's name, has no names of categories unless it is of COCO, and does not say at
 * which size of pictures it was trained: without `minSize` or `maxSize` they get the model's default size, and `log` a line
 * about it. A backend has to be loaded before.
 *
 * @throws UnknownModelError; InputError where the weights are missing, damaged, or of another model; the signal's reason.
 */
export async function loadDetector(
  weights: string,
  { model: given, normEpsilon, minSize, maxSize, ...finding }: LoadDetectorOptions = {},
): Promise<LoadedDetector> {
  const wanted = typeof given === 'string' ? modelDefinition(given) : given;
  requireWeights(weights);
  if (isWeightsName(weights)) requireDetector(weights, publicationOf(weights, wanted).weights);
  const located = await locateWeights(weights, wanted, finding);
  if (located.published) requireDetector(weights, located.published.weights);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents, wanted);
  const { definition, options, categories, scoreThresholds } = known
    ? ofWantedModel(located, known, wanted)
    : describeBareFile(located.file, contents, wanted);
  requireOwnModel(located.file, contents.tensors, definition);
  const input = inputOfSides(definition.name, options.input ?? definition.input, { minSize, maxSize });
  if (!known && minSize === undefined && maxSize === undefined) {
    const note = unknownSizeNote(located.file, definition);
    if (note !== undefined) (finding.log ?? emitProcessWarning)(note);
  }
  const model = definition.build({
    ...options,
    input,
    epsilon: normEpsilon ?? options.epsilon,
    categories: categories.map((category) => category.name),
    // Nothing is drawn or trained: all weights come from the file.
    trainableLayers: 0,
  });
  try {
    loadStateDict(model, located.file, contents.tensors);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, categories, scoreThresholds };
}

function requireDetector(weights: string, { name, of }: PublishedWeights): void {
  if (of === 'detector') return;
  throw new InputError(
    'classifier-weights',
    `${weights}: ${name} are weights of an image classifier; a detector can be trained from them`,
    { weights },
  );
}

/** torchvision's weights fit any model of the same architecture: the MobileNets at 800 and at 320 pixels. */
function ofWantedModel(
  { file, checkpoint, published }: LocatedWeights,
  known: KnownDetector,
  wanted: ModelDefinition | undefined,
): KnownDetector {
  const { name } = known.definition;
  if (wanted === undefined || wanted.name === name) return known;
  if (published) {
    return { ...known, definition: wanted, options: { ...known.options, input: wanted.input } };
  }
  const what = checkpoint === undefined ? `${file} is of` : `${checkpoint} is a checkpoint of`;
  throw new InputError('other-model', `${what} ${name}, not of ${wanted.name}`, {
    wanted: wanted.name,
    found: name,
  });
}

function describeBareFile(
  file: string,
  { tensors }: WeightsContents,
  definition: ModelDefinition | undefined,
): KnownDetector {
  if (definition === undefined) {
    throw new InputError('model-missing', `${file}: does not name its model; name it (--model)`, {
      weights: file,
    });
  }
  const numClasses = classesIn(file, tensors, definition);
  return {
    definition,
    options: { norm: normOf(definition, [...tensors.keys()]) },
    categories: unnamedCategories(numClasses),
  };
}

function classesIn(
  file: string,
  tensors: WeightsContents['tensors'],
  { stateDict }: ModelDefinition,
): number {
  try {
    return stateDict.numClasses(tensors);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError('no-detector', `${file}: is not a detector's: ${error.message}`, { file });
  }
}
