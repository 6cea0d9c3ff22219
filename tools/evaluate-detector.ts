import type { CocoCategory, CocoDataset } from '../datasets/coco/annotations';
import { evaluateDetections, type CocoEvaluation } from '../datasets/evaluation/evaluate';
import type { Detections } from '../detection/structures/detections';
import { cocoResults, detectSet, type DetectSetOptions, type SizedDetector } from './detect-images';

export interface DetectorEvaluation {
  readonly evaluation: CocoEvaluation;
  /** What was detected, by image id. */
  readonly detections: ReadonlyMap<number, Detections>;
  /** Means over the images of the set, where they have been computed. */
  readonly losses?: Readonly<Record<string, number>>;
}

/** Runs a detector over a data set and scores what it finds against the truth, by boxes. */
export async function evaluateDetector(
  detector: SizedDetector & { readonly categories: readonly CocoCategory[] },
  dataset: CocoDataset,
  options: DetectSetOptions,
): Promise<DetectorEvaluation> {
  const detections = await detectSet(detector, dataset, options);
  const results = cocoResults(detections, detector.categories);
  return { evaluation: evaluateDetections(dataset, results, { iouType: 'bbox' }), detections };
}
