import type { CocoAnnotation, CocoDataset } from '../../datasets/coco/annotations';
import type { CocoEvaluation } from '../../datasets/evaluation/evaluate';
import type { DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import { isToBeFound } from '../../datasets/evaluation/matching/is-to-be-found';
import type { IouType } from '../../detection/modeling/detector';

/** What each task finds, in words. */
export const taskNames: Readonly<Record<IouType, string>> = {
  bbox: 'boxes',
  segm: 'masks',
  keypoints: 'keypoints',
};

/** What the names of a task's metrics begin with. Boxes, which every detector finds, do without a name of their own. */
export function metricPrefix(iouType: IouType): string {
  return iouType === 'bbox' ? 'val/' : `val/${iouType}/`;
}

/** The evaluation of each task of a detector; boxes come first. */
export function evaluationsOf({ evaluation, tasks }: DetectorEvaluation): readonly CocoEvaluation[] {
  return [evaluation, tasks.segm, tasks.keypoints].filter((each) => each !== undefined);
}

/** The objects of a data set that are to be found in a task: of masks those that have one. */
export function objectsOf({ annotations }: CocoDataset, iouType: IouType): readonly CocoAnnotation[] {
  return annotations.filter(
    (annotation) =>
      isToBeFound(annotation, iouType) && (iouType !== 'segm' || annotation.segmentation !== undefined),
  );
}
