import { CocoDataset, type CocoCategory } from '../../datasets/coco/annotations';
import { evaluateDetections, type CocoEvaluation } from '../../datasets/evaluation/evaluate';
import { exampleDataset } from '../../datasets/evaluation/example-dataset';
import { cocoExamples, type Example } from '../../datasets/examples';
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

/**
 * Runs a detector over a data set and scores what it finds against the truth, by boxes. The labels of examples are the
 * detector's own.
 */
export async function evaluateDetector(
  { model, categories: ofDetector }: LoadedDetector,
  data: CocoDataset | readonly Example[],
  options: DetectSetOptions,
): Promise<DetectorEvaluation> {
  const { examples, dataset, categories } = bothFormsOf(data, ofDetector);
  const detections = await detectSet(model, examples, options);
  const evaluated = withOnly(dataset, detections);
  const evaluation = evaluateDetections(evaluated, cocoResults(detections, categories), { iouType: 'bbox' });
  return { evaluation, dataset: evaluated, detections };
}

/** What to detect in, what to score it against, and the categories of detections by label - 1. */
function bothFormsOf(
  data: CocoDataset | readonly Example[],
  ofDetector: readonly CocoCategory[],
): { examples: readonly Example[]; dataset: CocoDataset; categories: readonly CocoCategory[] } {
  if (data instanceof CocoDataset) {
    return { examples: cocoExamples(data), dataset: data, categories: ofDetector };
  }
  const dataset = exampleDataset(
    data,
    ofDetector.map(({ name }) => name),
  );
  return { examples: data, dataset, categories: dataset.categories };
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
