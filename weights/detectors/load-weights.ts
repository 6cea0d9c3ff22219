import type { Detector, ModelDefinition } from '../../detection/modeling/detector';
import { withSettings, type SettingValues } from '../../detection/modeling/settings';
import { Module } from '../../detection/nn/module';
import { overwriteEpsilon } from '../../detection/nn/normalization';
import { readWeights } from '../formats/read-weights';
import type { StoredTensor } from '../formats/stored-tensor';
import { isImageClassifier, loadBackbone, loadStateDict } from '../state-dict';
import { knownDetector } from './known-detector';
import { locateWeights, requireWeights, type WeightsOptions } from './locate-weights';
import { requireOwnModel } from './own-model';

/** What weights have filled of a detector. */
export interface LoadedWeights {
  /** Where they were read. */
  readonly file: string;
  /** All of it; all but the predictor, where they are of other classes; or the backbone, where they are an image classifier's. */
  readonly filled: 'detector' | 'all-but-predictor' | 'backbone';
  /** The detector's entries that they have filled, by their names. All others are as they were. */
  readonly entries: readonly string[];
  /** Foreground classes of the detector that they are of; undefined of an image classifier's. */
  readonly numClasses: number | undefined;
}

/**
 * Loads weights to train a detector further with, or to detect with, into one that is there: torchvision's published ones
 * of its model by their name (`'COCO_V1'`, `'IMAGENET1K_V1'`; downloaded once, into the cache), a checkpoint's folder
 * (`'runs/a/best'`), or a file: PyTorch's, safetensors, detectron2's. An image classifier's fill the backbone. The predictor
 * of a detector of another number of classes is left as it is. Where the weights are known to have been trained with
 * another epsilon of batch norm, the detector gets that (torchvision's overwrite_eps).
 *
 * @throws InputError where they cannot be had or do not fit, and the detector is unchanged; the signal's reason.
 */
export async function loadWeights(
  model: Detector,
  weights: string,
  options: WeightsOptions = {},
): Promise<LoadedWeights> {
  const start = await readStartWeights(weights, model.definition, options);
  const loaded = fillDetector(model, start);
  if (start.epsilon !== undefined && model instanceof Module) overwriteEpsilon(model, start.epsilon);
  return loaded;
}

/** Weights to begin a training with. */
export interface StartWeights {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Epsilon of batch norm that they have been trained with; undefined: the model's own, or not known. */
  readonly epsilon: number | undefined;
  /** The model's settings that they have been trained with, all of them; undefined: not known. */
  readonly settings: SettingValues | undefined;
}

/**
 * Reads weights, as `loadWeights` finds them.
 *
 * @throws InputError where they cannot be used; the signal's reason.
 */
export async function readStartWeights(
  weights: string,
  model: ModelDefinition,
  options: WeightsOptions = {},
): Promise<StartWeights> {
  requireWeights(weights);
  const located = await locateWeights(weights, model, options);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents, model);
  const { epsilon, settings = {} } = known?.options ?? {};
  return {
    file: located.file,
    tensors: contents.tensors,
    epsilon,
    settings: known?.definition === model ? withSettings(model.settings.values, settings) : undefined,
  };
}

/**
 * Fills a detector from a detector's file, or its backbone from an image classifier's. The predictor of a detector of
 * another number of classes is left out.
 *
 * @throws InputError where the file does not fit; the model is unchanged then.
 */
export function fillDetector(
  model: Detector,
  { file, tensors }: Pick<StartWeights, 'file' | 'tensors'>,
): LoadedWeights {
  const { stateDict } = model.definition;
  requireOwnModel(file, tensors, model.definition);
  if (isImageClassifier(model, tensors)) {
    const entries = loadBackbone(model, stateDict, file, tensors);
    return { file, filled: 'backbone', entries, numClasses: undefined };
  }
  const numClasses = classesOf(model.definition, tensors);
  if (numClasses === undefined || numClasses === model.categories.length) {
    return { file, filled: 'detector', entries: loadStateDict(model, file, tensors), numClasses };
  }
  const entries = loadStateDict(model, file, tensors, {
    rename: (name) => (stateDict.isPredictor(name) ? undefined : name),
    required: (name) => !stateDict.isPredictor(name),
  });
  return { file, filled: 'all-but-predictor', entries, numClasses };
}

/** Undefined where the entries are no detector's of this family: they do not fit, and loading says where. */
function classesOf(
  { stateDict }: ModelDefinition,
  tensors: ReadonlyMap<string, StoredTensor>,
): number | undefined {
  try {
    return stateDict.numClasses(tensors);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
