import type { CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import { judgeDetections, type JudgedImage } from '../../../datasets/evaluation/detection-errors';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { imageVerdicts, worstFirst, type ImageVerdicts } from '../../../datasets/evaluation/verdicts';
import type { Picture } from '../../html/figure';
import type { JudgedBox, WorstImage } from '../data';
import { thumbnail } from './pictures';

const NUM_WORST = 12;

/**
 * The pictures with the most errors, as TIDE tells them: wrong detections that reach a score, and missed objects. Of equals
 * those whose wrong detections are surer of themselves. Pictures without errors are left out.
 */
export async function worstImages(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  minScore: number,
): Promise<WorstImage[]> {
  const sure = detections.filter(({ score }) => score >= minScore);
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
      return [{ ...picture, ...judgedBoxes(dataset, image, sure, judged, verdicts, picture) }];
    }),
  );
  return images.flat();
}

function judgedBoxes(
  dataset: CocoDataset,
  image: CocoImage,
  detections: readonly CocoDetection[],
  { detections: judged }: JudgedImage,
  verdicts: ImageVerdicts,
  picture: Picture,
): Pick<WorstImage, 'truth' | 'detections'> {
  const nameOf = (categoryId: number): string => dataset.categoryOf(dataset.labelOf(categoryId)).name;
  const scaled = ([x, y, width, height]: readonly number[]): JudgedBox['box'] => {
    const [byX, byY] = [picture.width / image.width, picture.height / image.height];
    return [x * byX, y * byY, (x + width) * byX, (y + height) * byY];
  };
  const { annotations } = dataset;
  const truth = annotations.flatMap((annotation, index): JudgedBox[] => {
    // A region to ignore is a crowd of each category, and drawn once.
    if (annotation.imageId !== image.id || annotation.isIgnored === false) return [];
    const verdict = verdicts.objects.get(index) ?? 'crowd';
    return [{ box: scaled(annotation.bbox), name: nameOf(annotation.categoryId), verdict }];
  });
  const found = judged.map((each, k): JudgedBox => {
    const { bbox = [], category_id, score } = detections[each.detection];
    return {
      box: scaled(bbox),
      name: nameOf(category_id),
      verdict: verdicts.detections[k],
      score,
      ...(each.error === 'classification' && { trueName: nameOf(annotations[each.truth].categoryId) }),
    };
  });
  return { truth, detections: found };
}
