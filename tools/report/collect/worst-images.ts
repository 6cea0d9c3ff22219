import type { CocoAnnotation, CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import { objectMask } from '../../../datasets/coco/masks/segmentation';
import type { TargetOptions } from '../../../datasets/coco/targets';
import { scaledBoxes } from '../../../datasets/drawing/draw-detections';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import { aboveThreshold } from '../../../datasets/evaluation/detect-images';
import { judgeDetections } from '../../../datasets/evaluation/errors/detection-errors';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { imageVerdicts, worstFirst, type ImageVerdicts } from '../../../datasets/evaluation/errors/verdicts';
import type { JudgedBox, WorstImage } from '../data';
import { thumbnail } from './pictures';

const NUM_WORST = 12;

/**
 * The pictures with the most errors, as TIDE tells them by boxes: wrong detections that reach a score, and missed objects. Of
 * equals those whose wrong detections are surer of themselves. Pictures without errors are left out.
 *
 * @param parts what is drawn of objects beside their boxes
 */
export async function worstImages(
  { dataset, detections, results }: DetectorEvaluation,
  parts: TargetOptions,
  minScore: number,
): Promise<WorstImage[]> {
  const sure = results.filter(({ score }) => score >= minScore);
  const ranked = judgeDetections(dataset, sure)
    .map((judged) => ({
      judged,
      verdicts: imageVerdicts(
        judged.detections.map((each) => ({ ...each, score: sure[each.detection].score })),
        judged.objects,
      ),
    }))
    .filter(({ verdicts }) => verdicts.numErrors > 0)
    .sort((a, b) => worstFirst(a.verdicts, b.verdicts));
  const images = await Promise.all(
    ranked.slice(0, NUM_WORST).map(async ({ judged, verdicts }): Promise<WorstImage[]> => {
      const image = dataset.imageOf(judged.imageId)!;
      const picture = await thumbnail(dataset, image);
      if (picture === undefined) return [];
      const found = objectsToDraw(aboveThreshold(detections.get(image.id)!, minScore), {
        nameOf: (label) => dataset.categoryMap.nameOf(label),
        layout: parts.keypoints,
      });
      // Results of an image are in one piece, in the order in which they were found.
      const first = sure.findIndex(({ image_id }) => image_id === image.id);
      const truth = judgedTruth(dataset, image, verdicts, parts);
      const judgedFound = judged.detections.map((each, k): JudgedBox => {
        const { box, mask, keypoints, label, score } = found[each.detection - first];
        return {
          ...{ box, mask, keypoints, name: label, score },
          verdict: verdicts.detections[k],
          ...(each.error === 'classification' && {
            trueName: nameOf(dataset, dataset.annotations[each.truth]),
          }),
        };
      });
      return [
        {
          ...picture,
          truth: scaledBoxes(truth, image, picture),
          detections: scaledBoxes(judgedFound, image, picture),
        },
      ];
    }),
  );
  return images.flat();
}

function judgedTruth(
  dataset: CocoDataset,
  image: CocoImage,
  { objects }: ImageVerdicts,
  { masks = false, keypoints: layout }: TargetOptions,
): JudgedBox[] {
  return dataset.annotations.flatMap((annotation, index): JudgedBox[] => {
    // A region to ignore is a crowd of each category, and drawn once.
    if (annotation.imageId !== image.id || annotation.isIgnored === false) return [];
    const [x, y, width, height] = annotation.bbox;
    const { keypoints: points } = annotation;
    return [
      {
        box: [x, y, x + width, y + height],
        ...(masks && { mask: objectMask(annotation.segmentation, image) }),
        ...(layout && points && { keypoints: { points, skeleton: layout.skeleton } }),
        name: nameOf(dataset, annotation),
        verdict: objects.get(index) ?? 'crowd',
      },
    ];
  });
}

function nameOf(dataset: CocoDataset, { categoryId }: CocoAnnotation): string {
  return dataset.categoryOf(dataset.labelOf(categoryId)).name;
}
