import type { CocoAnnotation, CocoDataset } from '../../coco/annotations';
import { boxesOf, BoxRegions } from './box-regions';
import type { CocoDetection } from '../detections';
import { KeypointRegions } from './keypoint-regions';
import { MaskRegions } from './mask-regions';
import type { IouType } from '../parameters';
import type { Regions } from './regions';

/** What is compared. */
export interface RegionOptions {
  /** Overlap of boxes, of masks or of keypoints. */
  readonly iouType: IouType;
  /** Of keypoints: their sigmas. */
  readonly sigmas: readonly number[];
  /** What messages call the detections. */
  readonly source: string;
}

/**
 * What matching needs to know of the regions of a task.
 *
 * @param annotations Ground truth in any order; indices of truths are into it.
 * @throws DetectionsError where a mask is malformed that stands for a box.
 */
export function regionsOf(
  dataset: CocoDataset,
  annotations: readonly CocoAnnotation[],
  detections: readonly CocoDetection[],
  { iouType, sigmas, source }: RegionOptions,
): Regions {
  if (iouType === 'segm') return new MaskRegions(dataset, annotations, detections, source);
  const { boxes, areas } = boxesOf(dataset, detections, source);
  return iouType === 'keypoints'
    ? new KeypointRegions(annotations, detections, areas, sigmas)
    : new BoxRegions(annotations, boxes, areas);
}
