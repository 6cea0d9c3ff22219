import { mergeRles } from '../coco/masks/rle';
import type { Detections } from '../../detection/structures/instances';
import { selectInstances } from '../../detection/structures/transform-instances';

/**
 * Makes one detection of all parts of each object: the box around theirs, the best score, the union of their masks, and of each keypoint
 * the one with the best score.
 *
 * @param firsts for each detection, the index of the first part of its object
 * @returns the objects, in the order of their first parts
 */
export function joinObjects(detections: Detections, firsts: Int32Array): Detections {
  const boxes = detections.boxes.slice();
  const scores = detections.scores.slice();
  const keypoints = detections.keypoints?.slice();
  const keypointScores = detections.keypointScores?.slice();
  const numKeypoints = keypointScores ? keypointScores.length / scores.length : 0;
  firsts.forEach((first, k) => {
    if (first === k) return;
    for (let i = 0; i < 4; i++) {
      const outer = i < 2 ? Math.min : Math.max;
      boxes[4 * first + i] = outer(boxes[4 * first + i], boxes[4 * k + i]);
    }
    scores[first] = Math.max(scores[first], scores[k]);
    for (let i = 0; keypoints && keypointScores && i < numKeypoints; i++) {
      const [to, from] = [first * numKeypoints + i, k * numKeypoints + i];
      if (keypointScores[from] <= keypointScores[to]) continue;
      keypointScores[to] = keypointScores[from];
      keypoints.copyWithin(3 * to, 3 * from, 3 * from + 3);
    }
  });
  const masks = detections.masks?.map((mask, k) => {
    const own = detections.masks!.filter((_, part) => firsts[part] === k);
    return own.length > 1 ? mergeRles(own) : mask;
  });
  return selectInstances(
    {
      ...detections,
      boxes,
      scores,
      ...(keypoints && { keypoints }),
      ...(keypointScores && { keypointScores }),
      ...(masks && { masks }),
    },
    firsts.filter((first, k) => first === k),
  );
}
