import { InputError } from '../../detection/errors';
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
  const { sigmas, origin } = given ? { sigmas: given, origin: 'given' } : keypointSigmas(dataset);
  const numKeypoints = numKeypointsOf(dataset);
  const whose = origin === 'given' ? 'the sigmas of keypoints' : `${dataset.file}: the "sigmas" of a category`;
  if (numKeypoints > 0 && sigmas.length !== numKeypoints) {
    throw new InputError(
      'sigmas-count',
      `${whose} are ${sigmas.length}; ${dataset.file} has ${numKeypoints} keypoints, each of which needs one`,
      { numSigmas: sigmas.length, numKeypoints, file: dataset.file },
    );
  }
  const wrong = sigmas.find((sigma) => !(sigma > 0 && Number.isFinite(sigma)));
  if (wrong !== undefined) {
    throw new InputError('sigma-value', `${whose}: ${wrong} is no number above 0`, { sigma: wrong });
  }
  return sigmas;
}

/** How many keypoints each object has; 0 where nothing says so. */
function numKeypointsOf({ categories, annotations }: CocoDataset): number {
  const numbers = annotations.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  const names = categories.find(({ keypoints }) => keypoints !== undefined)?.keypoints;
  return numbers ? numbers.length / 3 : (names?.length ?? 0);
}
