import { CocoDataset } from '../coco/annotations';
import type { DetectorCategory } from '../coco/categories/match-categories';
import { cocoExamples, type Example } from '../examples';
import type { IouType } from '../../detection/modeling/detector';
import type { PictureDetector } from '../inference/picture-detector';
import { detectSet, type DetectSetOptions } from './detect-images';
import { categoriesIn, detectorFacts, evaluateFound, type DetectorEvaluation } from './evaluate-found';
import { exampleDataset } from './example-dataset';
import { checkedSigmas } from './keypoint-sigmas';

export type { DetectorEvaluation } from './evaluate-found';

export interface EvaluateOptions extends DetectSetOptions {
  /**
   * The detector's categories by label - 1, as `loadDetector` returns them: names decide which of a data set's they are,
   * and ids between several of one name. Default: the detector's names.
   */
  readonly categories?: readonly DetectorCategory[];
  /** What is evaluated beside boxes, of what the detector finds. Default: all of it. */
  readonly iouTypes?: readonly IouType[];
  /** Of keypoints: how far people put each apart, in parts of an object's size. Default: the detector's, or `keypointSigmas`. */
  readonly sigmas?: readonly number[];
  /** Gets a line about each thing that does not go together; if left out, it is a warning of the process. */
  readonly log?: (line: string) => void;
}

/**
 * Runs a detector over a data set and scores what it finds against the truth: boxes, and masks and keypoints where both have
 * them. A COCO file must have been read with these; LVIS's are evaluated as the `lvis` package does. Labels of examples are the
 * detector's own.
 *
 * @throws InputError where the detector and the data set have no category in common, or sigmas are not as many as keypoints; ImageError, where nobody listens for
 *   broken pictures; the signal's reason.
 */
export async function evaluateDetector(
  detector: PictureDetector,
  data: CocoDataset | readonly Example[],
  {
    categories,
    iouTypes = detector.iouTypes,
    sigmas,
    log = (line) => process.emitWarning(line),
    ...options
  }: EvaluateOptions = {},
): Promise<DetectorEvaluation> {
  const isCoco = data instanceof CocoDataset;
  const dataset = isCoco ? data : exampleDataset(data, detector.categories);
  const found = detectorFacts(detector, { categories, iouTypes });
  const meant = isCoco ? categoriesIn(dataset, found, log) : dataset.categories;
  if (sigmas && found.iouTypes.includes('keypoints')) checkedSigmas(dataset, sigmas);
  const detections = await detectSet(detector, isCoco ? cocoExamples(data) : data, options);
  return evaluateFound(dataset, detections, { ...found, meant, sigmas, log });
}
