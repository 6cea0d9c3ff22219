import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import type { PublishedWeights } from '../../detection/modeling/detector';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { emitProcessWarning } from '../checkpoints/process-warning';
import type { WeightsContents } from '../formats/pickle/pickled-state-dict';
import { readWeights } from '../formats/read-weights';
import type { StoredTensor } from '../formats/stored-tensor';
import { isWeightsName } from '../published/zoo';
import type { KnownDetector } from './detector-metadata';
import { inputOfSides, unknownSizeNote, type GivenSides } from './given-sides';
import { knownDetector } from './known-detector';
import {
  locateWeights,
  publicationOf,
  requireWeights,
  type LocatedWeights,
  type WeightsOptions,
} from './locate-weights';
import { normOf } from './norm-of';
import { requireOwnModel } from './own-model';
import { unnamedCategories } from './unnamed-categories';
import { unnamedKeypoints } from './unnamed-keypoints';
import { withoutConstants } from './without-constants';

/** What the caller says of weights. */
export interface LoadDetectorOptions extends WeightsOptions, GivenSides {
  /** The model's name, or a definition of one's own, where the weights do not tell it. */
  readonly model?: string | ModelDefinition;
  /** Epsilon of batch norm, where that is neither the model's own nor known. */
  readonly normEpsilon?: number;
}

/** The detector that weights are of, before it is built. */
export interface DescribedDetector extends KnownDetector {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Finds and reads the weights of a detector, and says what they are of.
 *
 * @throws as `loadDetector`.
 */
export async function describeDetector(
  weights: string,
  { model: given, normEpsilon, minSize, maxSize, ...finding }: LoadDetectorOptions = {},
): Promise<DescribedDetector> {
  const wanted = typeof given === 'string' ? modelDefinition(given) : given;
  requireWeights(weights);
  if (isWeightsName(weights)) requireDetector(weights, publicationOf(weights, wanted).weights);
  const located = await locateWeights(weights, wanted, finding);
  if (located.published) requireDetector(weights, located.published.weights);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents, wanted);
  const described = known
    ? ofWantedModel(located, known, wanted)
    : describeBareFile(located.file, contents, wanted);
  const { file } = located;
  const { definition, options } = described;
  requireOwnModel(file, contents.tensors, definition);
  const tensors = withoutConstants(contents.tensors, definition);
  const input = inputOfSides(definition.name, options.input ?? definition.input, { minSize, maxSize });
  if (!known && minSize === undefined && maxSize === undefined) {
    const note = unknownSizeNote(file, definition);
    if (note !== undefined) (finding.log ?? emitProcessWarning)(note);
  }
  const epsilon = normEpsilon ?? options.epsilon;
  return { ...described, file, tensors, options: { ...options, input, epsilon } };
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
  const keypoints = unnamedKeypoints(definition.stateDict.numKeypoints?.(tensors));
  return {
    definition,
    options: { norm: normOf(definition, [...tensors.keys()]), ...(keypoints && { keypoints }) },
    categories: unnamedCategories(numClasses, keypoints, definition.stateDict.cocoLabels),
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
