import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import type { Detector } from '../../detection/modeling/detector';
import { buildDetector } from './build-detector';
import { describeDetector, type LoadDetectorOptions } from './describe-detector';
import type { ScoreThresholds } from './score-thresholds';

/** A detector that is ready to detect. */
export interface LoadedDetector {
  /** The caller disposes it. All of it is frozen; `prepareForInference` makes it detect faster, for good. */
  readonly model: Detector;
  /** Ids and names, by label - 1. */
  readonly categories: readonly CocoCategory[];
  /** From which scores on detections count, where that is stored with the weights. */
  readonly scoreThresholds?: ScoreThresholds;
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
  given: LoadDetectorOptions = {},
): Promise<LoadedDetector> {
  const described = await describeDetector(weights, given);
  const { categories, scoreThresholds } = described;
  return { model: buildDetector(described), categories, scoreThresholds };
}
