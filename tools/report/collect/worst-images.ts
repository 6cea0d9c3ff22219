import type { CocoDataset, CocoImage } from '../../../datasets/coco/annotations';
import {
  judgeDetections,
  type JudgedDetection,
  type JudgedImage,
} from '../../../datasets/evaluation/detection-errors';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import type { Picture } from '../../html/figure';
import type { JudgedBox, Verdict, WorstImage } from '../data';
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
    .map((judged) => {
      const wrong = judged.detections.filter(isWrong);
      const scores = wrong.reduce((sum, { detection }) => sum + sure[detection].score, 0);
      return { judged, errors: wrong.length + judged.missed.length, scores };
    })
    .filter(({ errors }) => errors > 0)
    .sort((a, b) => b.errors - a.errors || b.scores - a.scores);
  const images = await Promise.all(
    ranked.slice(0, NUM_WORST).map(async ({ judged }): Promise<WorstImage[]> => {
      const image = dataset.imageOf(judged.imageId)!;
      const picture = await thumbnail(dataset, image);
      if (picture === undefined) return [];
      return [{ ...picture, ...judgedBoxes(dataset, image, sure, judged, picture) }];
    }),
  );
  return images.flat();
}

/** A detection in a crowd is an error only where it stands for an object that would be missed without it. */
function isWrong({ error, inCrowd, findsTruth }: JudgedDetection): boolean {
  return error !== 'none' && (!inCrowd || findsTruth);
}

function judgedBoxes(
  dataset: CocoDataset,
  image: CocoImage,
  detections: readonly CocoDetection[],
  { detections: judged, missed }: JudgedImage,
  picture: Picture,
): Pick<WorstImage, 'truth' | 'detections'> {
  const nameOf = (categoryId: number): string => dataset.categoryOf(dataset.labelOf(categoryId)).name;
  const scaled = ([x, y, width, height]: readonly number[]): JudgedBox['box'] => {
    const [byX, byY] = [picture.width / image.width, picture.height / image.height];
    return [x * byX, y * byY, (x + width) * byX, (y + height) * byY];
  };
  const verdictOf = (each: JudgedDetection): Verdict => {
    if (each.error === 'none') return 'right';
    return isWrong(each) ? each.error : 'crowd';
  };
  const { annotations } = dataset;
  const missedHere = new Set(missed);
  const meantBy = new Map(judged.filter(({ findsTruth }) => findsTruth).map((each) => [each.truth, each]));
  const truth = annotations.flatMap((annotation, index): JudgedBox[] => {
    if (annotation.imageId !== image.id) return [];
    const meant = meantBy.get(index);
    let verdict: Verdict = 'right';
    if (annotation.isCrowd) verdict = 'crowd';
    else if (missedHere.has(index)) verdict = 'missed';
    else if (meant !== undefined) verdict = verdictOf(meant);
    return [{ box: scaled(annotation.bbox), name: nameOf(annotation.categoryId), verdict }];
  });
  const found = judged.map((each): JudgedBox => {
    const { bbox = [], category_id, score } = detections[each.detection];
    return {
      box: scaled(bbox),
      name: nameOf(category_id),
      verdict: verdictOf(each),
      score,
      ...(each.error === 'classification' && { trueName: nameOf(annotations[each.truth].categoryId) }),
    };
  });
  return { truth, detections: found };
}
