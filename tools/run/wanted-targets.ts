import type { TargetOptions } from '../../datasets/coco/targets';
import type { GeometricAugmentation } from '../../datasets/transforms/geometry';
import type { Detector, ModelDefinition } from '../../detection/modeling/detector';

/** What of objects is read of a training set beside their boxes: what the model learns, and masks for augmentations that use them. */
export function trainingNeeds(
  { needs }: Pick<ModelDefinition, 'needs'>,
  { rotation = 0, copyPaste = 0 }: GeometricAugmentation,
): ModelDefinition['needs'] {
  const usesMasks = rotation > 0 || copyPaste > 0;
  return usesMasks && !needs.includes('masks') ? [...needs, 'masks'] : needs;
}

/**
 * What of objects goes to a detector, beside their boxes.
 *
 * @param geometry what is done to them before. Default: nothing.
 */
export function wantedTargets(
  { definition, keypoints }: Pick<Detector, 'definition' | 'keypoints'>,
  geometry: GeometricAugmentation = {},
): TargetOptions {
  return { masks: trainingNeeds(definition, geometry).includes('masks'), keypoints };
}
