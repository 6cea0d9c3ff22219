import type { CocoDataset } from '../coco/annotations';
import { cocoPersonKeypoints } from '../../detection/structures/keypoint-layout';

/** Of keypoints that nobody has measured: about the mean of COCO's, which are from 0.025 (eyes) to 0.107 (hips). */
export const UNMEASURED_SIGMA = 0.05;

/** Sigmas of an evaluation's keypoints, and where they are from. */
export interface KeypointSigmas {
  /** [K]: how far people put each keypoint apart, in parts of an object's size. */
  readonly sigmas: readonly number[];
  /** Whether the file says so, they are COCO's for its 17 keypoints, or one value stands for all. */
  readonly origin: 'category' | 'coco' | 'unmeasured';
}

/**
 * The sigmas of a data set's keypoints: those of a category that has `sigmas`; COCO's where there are 17 keypoints, as in
 * pycocotools; otherwise 0.05 for all, for which pycocotools fails.
 */
export function keypointSigmas({ categories, annotations }: CocoDataset): KeypointSigmas {
  const own = categories.find(({ sigmas }) => sigmas !== undefined)?.sigmas;
  if (own) return { sigmas: own, origin: 'category' };
  const names = categories.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  const numbers = annotations.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  const numKeypoints = numbers ? numbers.length / 3 : (names?.length ?? 0);
  const { sigmas: ofPerson = [] } = cocoPersonKeypoints;
  if (numKeypoints === 0 || numKeypoints === ofPerson.length) return { sigmas: ofPerson, origin: 'coco' };
  return { sigmas: new Array<number>(numKeypoints).fill(UNMEASURED_SIGMA), origin: 'unmeasured' };
}
