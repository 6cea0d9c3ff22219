import { InputError } from '../../detection/errors';
import type { CocoDataset } from '../coco/annotations';
import { cocoPersonKeypoints } from '../../detection/structures/keypoint-layout';

/** Of keypoints that nobody has measured: about the mean of COCO's, which are from 0.025 (eyes) to 0.107 (hips). */
export const UNMEASURED_SIGMA = 0.05;

/** Sigmas of an evaluation's keypoints, and where they are from. */
export interface KeypointSigmas {
  /** [K] How far people put each keypoint apart, in parts of an object's size. */
  readonly sigmas: readonly number[];
  /** Whether the file says so, they are COCO's for its 17 keypoints, or one value stands for all. */
  readonly origin: 'category' | 'coco' | 'unmeasured';
}

/**
 * The sigmas of a data set's keypoints: those of a category that has `sigmas`; COCO's where there are 17 keypoints, as in
 * pycocotools; otherwise 0.05 for all, for which pycocotools fails.
 */
export function keypointSigmas(dataset: CocoDataset): KeypointSigmas {
  const own = dataset.categories.find(({ sigmas }) => sigmas !== undefined)?.sigmas;
  if (own) return { sigmas: own, origin: 'category' };
  const numKeypoints = numKeypointsOf(dataset);
  const { sigmas: ofPerson = [] } = cocoPersonKeypoints;
  if (numKeypoints === 0 || numKeypoints === ofPerson.length) return { sigmas: ofPerson, origin: 'coco' };
  return { sigmas: new Array<number>(numKeypoints).fill(UNMEASURED_SIGMA), origin: 'unmeasured' };
}

/**
 * Sigmas of an evaluation, those that are given or the data set's.
 *
 * @throws InputError where there are not as many as the data set has keypoints, or one is no number above 0
 */
export function checkedSigmas(dataset: CocoDataset, given?: readonly number[]): readonly number[] {
  const sigmas = given ?? keypointSigmas(dataset).sigmas;
  const { file } = dataset;
  const numKeypoints = numKeypointsOf(dataset);
  const isCount = numKeypoints === 0 || sigmas.length === numKeypoints;
  if (isCount && sigmas.every((sigma) => sigma > 0 && Number.isFinite(sigma))) return sigmas;
  const what = isCount
    ? `sigmas of keypoints are numbers above 0: ${sigmas.join(', ')}`
    : `there are ${sigmas.length} sigmas for ${numKeypoints} keypoints, each of which needs one`;
  throw new InputError('keypoint-sigmas', `${file}: ${what}`, {
    file,
    sigmas: sigmas.length,
    keypoints: numKeypoints,
  });
}

/** How many keypoints each object has; 0 where nothing says so. */
function numKeypointsOf({ categories, annotations }: CocoDataset): number {
  const numbers = annotations.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  const names = categories.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  return numbers ? numbers.length / 3 : (names?.length ?? 0);
}
