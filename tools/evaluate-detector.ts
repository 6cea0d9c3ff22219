import type { CocoCategory, CocoDataset } from '../datasets/coco/annotations';
import { evaluateDetections, type CocoEvaluation } from '../datasets/evaluation/evaluate';
import type { Detections } from '../detection/structures/detections';
import { cocoDetections, detectSet, type DetectSetOptions, type SizedDetector } from './detect-images';

export interface DetectorEvaluation {
  readonly evaluation: CocoEvaluation;
  /** What was detected, by image id. */
  readonly detections: ReadonlyMap<number, Detections>;
}

/** Runs a detector over a data set and scores what it finds against the truth, by boxes. */
export async function evaluateDetector(
  detector: SizedDetector & { readonly categories: readonly CocoCategory[] },
  dataset: CocoDataset,
  options: DetectSetOptions,
): Promise<DetectorEvaluation> {
  const detections = await detectSet(detector, dataset, options);
  const categoryIdOf = (label: number): number => detector.categories[label - 1].id;
  const results = [...detections].flatMap(([imageId, found]) =>
    cocoDetections(found, categoryIdOf).map((detection) => ({ image_id: imageId, ...detection })),
  );
  return { evaluation: evaluateDetections(dataset, results, { iouType: 'bbox' }), detections };
}
