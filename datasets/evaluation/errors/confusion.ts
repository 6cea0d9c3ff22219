import type { CocoDataset } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import { indicesByImage, sortByScore } from '../matching/grouping';
import { boxRegions } from '../matching/box-regions';

/** Which detections count, and which objects they can match. */
export interface ConfusionOptions {
  /** Detections of a lower score do not take part. */
  readonly minScore: number;
  /** Smallest overlap of a match. */
  readonly minIou: number;
}

/** What objects were taken for, by labels 1..K of the data set; 0 is the background. */
export class ConfusionMatrix {
  /** [(K + 1) * (K + 1)], a row for each truth, a column for each detection. */
  readonly counts: Float64Array;

  /**
   * All zeros.
   *
   * @param numCategories K
   */
  constructor(readonly numCategories: number) {
    this.counts = new Float64Array((numCategories + 1) ** 2);
  }

  /**
   * Objects of `truth` that were detected as `detected`. `at(label, 0)` were missed, `at(0, label)` are detections
   * where nothing is, `at(0, 0)` is 0.
   */
  at(truth: number, detected: number): number {
    return this.counts[truth * (this.numCategories + 1) + detected];
  }

  /** Counts one object more that was detected as something. */
  add(truth: number, detected: number): void {
    this.counts[truth * (this.numCategories + 1) + detected]++;
  }
}

/**
 * Matches boxes across categories as FiftyOne's `evaluate_detections(classwise=False)`: detections choose in the
 * order of their scores, each the free object of the largest overlap (the last of equals), whatever its category;
 * crowds may be chosen by several, of their own category only, where there is no other, and then nothing is counted.
 * Detections of categories that the data set lacks are left out, as in COCO's evaluation.
 *
 * @param detections of boxes, of images of the data set
 */
export function confusionMatrix(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  { minScore, minIou }: ConfusionOptions,
): ConfusionMatrix {
  const { annotations, categories } = dataset;
  const matrix = new ConfusionMatrix(categories.length);
  const counted = detections.filter(
    ({ score, category_id }) => score >= minScore && dataset.hasCategory(category_id),
  );
  const scores = Float64Array.from(counted, ({ score }) => score);
  const regions = boxRegions(dataset, counted);
  const truths = indicesByImage(annotations, ({ imageId }) => imageId);
  const found = indicesByImage(counted, ({ image_id }) => image_id);
  for (const { id } of dataset.images) {
    const ofImage = truths.get(id) ?? [];
    const taken = new Set<number>();
    for (const detection of sortByScore(Int32Array.from(found.get(id) ?? []), scores)) {
      const categoryId = counted[detection].category_id;
      const choose = (isOpen: (truth: number) => boolean): number | undefined => {
        let best: number | undefined;
        let bestIou = minIou;
        for (const truth of ofImage) {
          if (!isOpen(truth)) continue;
          const iou = regions.overlap(detection, truth);
          if (iou >= bestIou) [best, bestIou] = [truth, iou];
        }
        return best;
      };
      const label = dataset.labelOf(categoryId);
      const truth = choose((g) => !annotations[g].isCrowd && !taken.has(g));
      if (truth !== undefined) {
        taken.add(truth);
        matrix.add(dataset.labelOf(annotations[truth].categoryId), label);
      } else if (
        choose((g) => annotations[g].isCrowd && annotations[g].categoryId === categoryId) === undefined
      ) {
        matrix.add(0, label);
      }
    }
    for (const g of ofImage) {
      if (!annotations[g].isCrowd && !taken.has(g)) matrix.add(dataset.labelOf(annotations[g].categoryId), 0);
    }
  }
  return matrix;
}
