import type { Detector, ModelDefinition } from '../../detection/modeling/detector';
import { withSettings, type SettingValues } from '../../detection/modeling/settings';
import { readWeights } from '../../weights/formats/read-weights';
import type { StoredTensor } from '../../weights/formats/stored-tensor';
import { isImageClassifier, loadBackbone, loadStateDict } from '../../weights/state-dict';
import { knownDetector } from '../detectors/known-detector';
import { locateWeights, requireWeights } from '../detectors/locate-weights';
import { requireOwnModel } from '../detectors/own-model';

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
 * Reads what `--weights` names; torchvision's published weights are downloaded if need be.
 *
 * @throws InputError where it cannot be used.
 */
export async function readStartWeights(weights: string, model: ModelDefinition): Promise<StartWeights> {
  requireWeights(weights);
  const located = await locateWeights(weights, model);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents);
  const { epsilon, settings = {} } = known?.options ?? {};
  return {
    file: located.file,
    tensors: contents.tensors,
    epsilon,
    settings: known?.definition === model ? withSettings(model.settings.values, settings) : undefined,
  };
}

/**
 * Fills a new detector from a detector's file, or its backbone from an image classifier's. The predictor of a
 * detector of another number of classes is left out.
 *
 * @returns one line that says what was filled.
 * @throws InputError where the file does not fit; the model is unchanged then.
 */
export function loadStartWeights(model: Detector, { file, tensors }: StartWeights): string {
  const { stateDict } = model.definition;
  requireOwnModel(file, tensors, model.definition);
  if (isImageClassifier(model, tensors)) {
    const filled = loadBackbone(model, stateDict, file, tensors);
    return `${file}: ${filled.length} entries of an image classifier fill the backbone; the rest starts at random`;
  }
  const theirs = classesOf(model.definition, tensors);
  if (theirs === undefined || theirs === model.categories.length) {
    const filled = loadStateDict(model, file, tensors);
    return `${file}: ${filled.length} entries fill the whole detector`;
  }
  const filled = loadStateDict(model, file, tensors, {
    rename: (name) => (stateDict.isPredictor(name) ? undefined : name),
    required: (name) => !stateDict.isPredictor(name),
  });
  return (
    `${file}: ${filled.length} entries fill the detector but for its predictor, ` +
    `which is of ${theirs} classes there and starts at random`
  );
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
