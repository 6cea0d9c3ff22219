import type { TargetOptions } from '../../datasets/coco/targets';
import type { Detector } from '../../detection/modeling/detector';

/** What a detector trains on of objects, beside their boxes. */
export function wantedTargets({
  definition,
  keypoints,
}: Pick<Detector, 'definition' | 'keypoints'>): TargetOptions {
  return { masks: definition.needs.includes('masks'), keypoints };
}
