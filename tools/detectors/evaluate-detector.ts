import { CocoDataset } from '../../datasets/coco/annotations';
import { evaluateDetections, type CocoEvaluation } from '../../datasets/evaluation/evaluate';
import type { Detections } from '../../detection/structures/instances';
import { cocoResults, detectSet, type DetectSetOptions } from './detect-images';
import type { LoadedDetector } from './load-detector';

export interface DetectorEvaluation {
  readonly evaluation: CocoEvaluation;
  /** What was evaluated on: the data set that was given, or what is left of it without pictures that broke. */
  readonly dataset: CocoDataset;
  /** What was detected, by image id. */
  readonly detections: ReadonlyMap<number, Detections>;
  /** Means over the images of the set, where they have been computed. */
  readonly losses?: Readonly<Record<string, number>>;
}

/** Runs a detector over a data set and scores what it finds against the truth, by boxes. */
export async function evaluateDetector(
  { model, categories }: LoadedDetector,
  dataset: CocoDataset,
  options: DetectSetOptions,
): Promise<DetectorEvaluation> {
  const detections = await detectSet(model, dataset, options);
  const evaluated = withOnly(dataset, detections);
  const results = cocoResults(detections, categories);
  const evaluation = evaluateDetections(evaluated, results, { iouType: 'bbox' });
  return { evaluation, dataset: evaluated, detections };
}

/** An image that nobody has looked at says nothing of a detector: its objects are not missed. */
function withOnly(dataset: CocoDataset, seen: ReadonlyMap<number, Detections>): CocoDataset {
  const { file, imageFolder, images, categories, annotations, notes, leftOut } = dataset;
  if (seen.size === images.length) return dataset;
  return new CocoDataset(
    file,
    imageFolder,
    images.filter(({ id }) => seen.has(id)),
    categories,
    annotations.filter(({ imageId }) => seen.has(imageId)),
    notes,
    leftOut,
  );
}
