import type { Detector } from '../../detection/modeling/detector';
import { loadStateDict } from '../state-dict';
import type { DescribedDetector } from './describe-detector';

/**
 * Builds the detector that weights are of, and fills it with them. The caller disposes it; all of it is frozen.
 *
 * @throws WeightsError where they do not fit the model.
 */
export function buildDetector({
  file,
  tensors,
  definition,
  options,
  categories,
}: DescribedDetector): Detector {
  const model = definition.build({
    ...options,
    categories: categories.map((category) => category.name),
    // Nothing is drawn or trained: all weights come from the file.
    awaitsWeights: true,
    trainableLayers: 0,
  });
  try {
    loadStateDict(model, file, tensors);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return model;
}
