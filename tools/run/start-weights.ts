import type { ModelName } from '../../detection/modeling/definitions/models';
import { readWeights } from '../../weights/formats/read-weights';
import {
  currentTorchvisionName,
  isImageClassifier,
  loadBackbone,
  loadStateDict,
  type StateOwner,
} from '../../weights/state-dict';
import type { StoredTensor } from '../../weights/formats/stored-tensor';
import { knownDetector } from '../detectors/known-detector';
import { locateWeights, requireWeights } from '../detectors/locate-weights';

const PREDICTOR = 'roi_heads.box_predictor.';

/** Weights to begin a training with. */
export interface StartWeights {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Epsilon of batch norm that they have been trained with; null: the model's own, or not known. */
  readonly normEpsilon: number | null;
}

/**
 * Reads what `--weights` names; torchvision's published weights are downloaded if need be.
 *
 * @throws InputError where it cannot be used.
 */
export async function readStartWeights(weights: string, model: ModelName): Promise<StartWeights> {
  requireWeights(weights);
  const located = await locateWeights(weights, model);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents);
  return {
    file: located.file,
    tensors: contents.tensors,
    normEpsilon: known?.configuration.model.normEpsilon ?? null,
  };
}

/**
 * Fills a new detector from a detector's file, or its backbone from an image classifier's. The predictor of a
 * detector of another number of classes is left out.
 *
 * @returns one line that says what was filled.
 * @throws WeightsError where the file does not fit; the model is unchanged then.
 */
export function loadStartWeights(model: StateOwner, { file, tensors }: StartWeights): string {
  if (isImageClassifier(tensors)) {
    const filled = loadBackbone(model, file, tensors);
    return `${file}: ${filled.length} entries of an image classifier fill the backbone; the rest starts at random`;
  }
  const ours = new Map(model.namedParameters()).get(`${PREDICTOR}cls_score.weight`)?.shapeOnDisk[0];
  const theirs = tensors.get(`${PREDICTOR}cls_score.weight`)?.shape[0];
  if (theirs === undefined || theirs === ours) {
    const filled = loadStateDict(model, file, tensors);
    return `${file}: ${filled.length} entries fill the whole detector`;
  }
  const filled = loadStateDict(model, file, tensors, {
    rename: (name) => (name.startsWith(PREDICTOR) ? undefined : currentTorchvisionName(name)),
    required: (name) => !name.startsWith(PREDICTOR),
  });
  return (
    `${file}: ${filled.length} entries fill the detector but for its predictor, ` +
    `which is of ${theirs - 1} classes there and starts at random`
  );
}
