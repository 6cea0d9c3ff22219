import type { StateOwner } from '../weights/state-dict';
import { weightsFile } from '../weights/checkpoint';
import { readWeights } from '../weights/read-weights';
import {
  currentTorchvisionName,
  isImageClassifier,
  loadBackbone,
  loadStateDict,
} from '../weights/state-dict';

const PREDICTOR = 'roi_heads.box_predictor.';

/**
 * Fills a new detector from a detector's file, or its backbone from an image classifier's. The predictor of a
 * detector of another number of classes is left out.
 *
 * @returns one line that says what was filled.
 * @throws WeightsError where the file does not fit; the model is unchanged then.
 */
export function loadStartWeights(model: StateOwner, fileOrFolder: string): string {
  const file = weightsFile(fileOrFolder);
  const { tensors } = readWeights(file, { requireFinite: true });
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
