import type { CocoCategory } from '../../datasets/coco/annotations';
import { loadBackend } from '../../detection/backend/node';
import { InputError } from '../../detection/errors';
import type { FasterRcnn } from '../../detection/modeling/faster-rcnn';
import {
  buildDetector,
  defaultImageSize,
  inputOf,
  type ModelName,
  type NormName,
} from '../../detection/modeling/definitions/models';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { WeightsContents } from '../../weights/formats/pickle/pickled-state-dict';
import { readWeights } from '../../weights/formats/read-weights';
import { loadStateDict } from '../../weights/state-dict';
import { isWeightsName, publishedWeights, type PublishedWeights } from '../../weights/published/zoo';
import { cocoCategories, NUM_COCO_LABELS } from './coco-categories';
import { knownDetector, normOf, type KnownDetector } from './known-detector';
import { locateWeights, requireWeights, type LocatedWeights } from './locate-weights';
import { checkedModelName } from './model-name';

/** A detector that is ready to detect. The caller disposes `model`. */
export interface LoadedDetector {
  readonly name: ModelName;
  readonly model: FasterRcnn;
  readonly input: InputSpec;
  /** By label - 1. */
  readonly categories: readonly CocoCategory[];
}

type Description = Pick<LoadedDetector, 'name' | 'categories'> & {
  readonly minSize: number;
  readonly maxSize: number;
  readonly norm: NormName;
  readonly normEpsilon: number | null;
};

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
  const name = given.model === undefined ? undefined : checkedModelName(given.model);
  requireWeights(weights);
  if (isWeightsName(weights)) requireDetector(weights, publishedWeights(name, weights));
  const located = await locateWeights(weights, name);
  const { file, published } = located;
  if (published) requireDetector(weights, published);
  const contents = readWeights(file, { requireFinite: true });
  const known = knownDetector(located, contents);
  const { norm, normEpsilon, categories, ...description } = known
    ? describeKnown(located, known, name)
    : describeBareFile(file, contents, name);
  await loadBackend();
  const model = buildDetector(description.name, {
    numClasses: categories.length,
    norm,
    normEpsilon: given.normEpsilon ?? normEpsilon ?? undefined,
    // Nothing is drawn or trained: all weights come from the file.
    seed: 0,
    trainableLayers: 0,
  });
  try {
    loadStateDict(model, file, contents.tensors);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { name: description.name, model, input: inputOf(description.name, description), categories };
}

function requireDetector(weights: string, { name, detector }: PublishedWeights): void {
  if (detector !== undefined) return;
  throw new InputError(
    `${weights}: ${name} are weights of an image classifier; rcnn train --weights begins a detector with them`,
  );
}

/** torchvision's weights fit any model of the same architecture: the MobileNets at 800 and at 320 pixels. */
function describeKnown(
  { file, checkpoint, published }: LocatedWeights,
  { categories, configuration }: KnownDetector,
  wanted: ModelName | undefined,
): Description {
  const { model } = configuration;
  if (wanted === undefined || wanted === model.name) return { ...model, categories };
  if (published) return { ...model, name: wanted, ...defaultImageSize(wanted), categories };
  const what = checkpoint === undefined ? `${file} is of` : `${checkpoint} is a checkpoint of`;
  throw new InputError(`--model ${wanted}: ${what} ${model.name}; leave --model out`);
}

function describeBareFile(
  file: string,
  { tensors }: WeightsContents,
  name: ModelName | undefined,
): Description {
  if (name === undefined) {
    throw new InputError(`${file}: does not say which detector it is of; name it with --model`);
  }
  const predictor = tensors.get('roi_heads.box_predictor.cls_score.weight');
  if (predictor?.shape.length !== 2) {
    throw new InputError(`${file}: is no detector's: it has no roi_heads.box_predictor.cls_score.weight`);
  }
  const numClasses = predictor.shape[0] - 1;
  const generic = Array.from({ length: numClasses }, (_, i) => ({ id: i + 1, name: `category ${i + 1}` }));
  return {
    name,
    ...defaultImageSize(name),
    norm: normOf([...tensors.keys()]),
    normEpsilon: null,
    categories: numClasses === NUM_COCO_LABELS ? cocoCategories() : generic,
  };
}
