import { judgeDetections } from '../../../datasets/evaluation/errors/detection-errors';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import type { FileAnnotation } from './file-entries';
import type { ValidPart } from './open-set';
import { pageShape } from './page-shape';
import { roundedBox, type PageDetection } from '../page-data';

/** torchvision's detectors return none below; pages would only grow. */
const LEAST_SCORE = 0.05;

/**
 * Compares detections with the objects of the valid images.
 *
 * @param categoryOf place of a category, by its id, in the page's list
 * @returns the detections of an image, best first, by its id and its annotations; indices of objects are in these
 */
export function judgedDetections(
  { dataset, places }: ValidPart,
  results: readonly CocoDetection[],
  categoryOf: (id: number) => number,
): (imageId: number, annotations: readonly FileAnnotation[]) => PageDetection[] {
  const shown = results.filter(
    ({ score, image_id }) => score >= LEAST_SCORE && dataset.imageOf(image_id) !== undefined,
  );
  const judged = new Map(judgeDetections(dataset, shown).map((image) => [image.imageId, image]));
  return (imageId, annotations) => {
    const indices = new Map(annotations.map(({ index }, k) => [index, k]));
    return (judged.get(imageId)?.detections ?? []).map(({ detection, error, truth, inCrowd }) => {
      const { category_id, bbox = [], score, image_id } = shown[detection];
      const [x, y, width, height] = bbox;
      return {
        category: categoryOf(category_id),
        box: roundedBox([x, y, width, height]),
        ...pageShape(shown[detection], dataset.imageOf(image_id)!),
        score: Number(score.toFixed(6)),
        error,
        truth: truth < 0 ? -1 : (indices.get(places[truth]) ?? -1),
        inCrowd,
      };
    });
  };
}
