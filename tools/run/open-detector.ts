import { loadBackend, type BackendName } from '../../detection/backend/node';
import { choosePrecision, type PrecisionChoice } from '../../detection/backend/node-precision';
import { setPrecision, type Precision } from '../../detection/nn/precision';
import { loadDetector, type LoadedDetector } from '../../weights/detectors/load-detector';
import { namedModel } from '../config/model-name';
import { logLine } from '../terminal/progress';
import { sayingDownloads } from './downloads';

/** What the user says of the weights of a detector. */
export interface GivenDetector {
  /** Its model's name, where the weights do not tell it. */
  readonly model?: string;
  /** Epsilon of batch norm, where that is neither the model's own nor known. */
  readonly normEpsilon?: number;
  /** Shorter side of pictures after resizing, pixels, where that is not to be the detector's own. */
  readonly minSize?: number;
  /** Longer side at most, pixels. */
  readonly maxSize?: number;
  /** What its layers compute in; float32 if left out. */
  readonly precision?: PrecisionChoice;
}

/**
 * The detector that `--weights` names, on the backend that there is, prepared for inference. The caller disposes `model`.
 *
 * @param willBeSaved the detector keeps its weights instead, and detects slower
 * @throws InputError where it cannot be had, or not in this precision; Interrupted where the user stops the download.
 */
export async function openDetector(
  weights: string,
  { model, normEpsilon, minSize, maxSize, precision = 'float32' }: GivenDetector,
  { willBeSaved = false } = {},
): Promise<LoadedDetector> {
  const wanted = namedModel(model);
  const chosen = precisionOn(await loadBackend(), precision);
  const detector = await sayingDownloads((finding) =>
    loadDetector(weights, { model: wanted, normEpsilon, minSize, maxSize, ...finding }),
  );
  setPrecision(detector.model, chosen);
  if (!willBeSaved) detector.model.prepareForInference();
  return detector;
}

function precisionOn(backend: BackendName, choice: PrecisionChoice): Precision {
  const { precision, reason } = choosePrecision(choice, backend === 'wasm' ? new Set() : undefined);
  if (choice === 'auto') logLine(`precision: ${precision} (${reason})`);
  return precision;
}
