import type { CocoCategory } from '../../datasets/coco/annotations';
import { loadBackend } from '../../detection/backend/node';
import { InputError } from '../../detection/errors';
import type { PublishedWeights } from '../../detection/modeling/detector';
import type { Detector, ModelDefinition } from '../../detection/modeling/detector';
import type { WeightsContents } from '../../weights/formats/pickle/pickled-state-dict';
import { readWeights } from '../../weights/formats/read-weights';
import { isWeightsName } from '../../weights/published/zoo';
import { loadStateDict } from '../../weights/state-dict';
import { cocoCategories, NUM_COCO_LABELS } from './coco-categories';
import { knownDetector, type KnownDetector } from './known-detector';
import { locateWeights, publicationOf, requireWeights, type LocatedWeights } from './locate-weights';
import { namedModel } from './model-name';
import { normOf } from './norm-of';
import { requireOwnModel } from './own-model';

/** A detector that is ready to detect. The caller disposes `model`. */
export interface LoadedDetector {
  readonly model: Detector;
  /** By label - 1. */
  readonly categories: readonly CocoCategory[];
}

/** What the user says of weights. */
export interface GivenDetector {
  /** The model's name, where the weights do not tell it. */
  readonly model?: string;
  /** Epsilon of batch norm, where that is neither the model's own nor known. */
  readonly normEpsilon?: number;
}

/**
 * Loads a detector from torchvision's published weights by name, from a checkpoint folder or the model file in one, or from
 * a file of weights in torchvision's names; a file of unknown origin needs the model's name, and has no names of
 * categories unless it is of COCO.
 *
 * @throws InputError where the file is missing, damaged, or of another model.
 */
export async function loadDetector(weights: string, given: GivenDetector = {}): Promise<LoadedDetector> {
  const wanted = given.model === undefined ? undefined : namedModel(given.model);
  requireWeights(weights);
  if (isWeightsName(weights)) requireDetector(weights, publicationOf(weights, wanted).weights);
  const located = await locateWeights(weights, wanted);
  if (located.published) requireDetector(weights, located.published.weights);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents);
  const { definition, options, categories } = known
    ? ofWantedModel(located, known, wanted)
    : describeBareFile(located.file, contents, wanted);
  requireOwnModel(located.file, contents.tensors, definition);
  await loadBackend();
  const model = definition.build({
    ...options,
    epsilon: given.normEpsilon ?? options.epsilon,
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
  return { model, categories };
}

function requireDetector(weights: string, { name, of }: PublishedWeights): void {
  if (of === 'detector') return;
  throw new InputError(
    'classifier-weights',
    `${weights}: ${name} are weights of an image classifier; rcnn train --weights begins a detector with them`,
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
  throw new InputError('other-model', `--model ${wanted.name}: ${what} ${name}; leave --model out`, {
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
    throw new InputError(
      'model-missing',
      `${file}: does not say which detector it is of; name it with --model`,
      { weights: file },
    );
  }
  const numClasses = classesIn(file, tensors, definition);
  const generic = Array.from({ length: numClasses }, (_, i) => ({ id: i + 1, name: `category ${i + 1}` }));
  return {
    definition,
    options: { norm: normOf(definition, [...tensors.keys()]) },
    categories: numClasses === NUM_COCO_LABELS ? cocoCategories() : generic,
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
    throw new InputError('no-detector', `${file}: is no detector's: ${error.message}`, { file });
  }
}
