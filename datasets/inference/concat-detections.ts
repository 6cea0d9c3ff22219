import { concatBoxes } from '../../detection/structures/boxes';
import type { Detections } from '../../detection/structures/instances';

/** All detections of a detector one list after the other, with all that is known of them. */
export function concatDetections(lists: readonly Detections[]): Detections {
  const { masks, keypoints, keypointScores } = lists[0] ?? {};
  const joined = (key: 'scores' | 'keypoints' | 'keypointScores'): Float32Array =>
    Float32Array.from(lists.flatMap((list) => [...(list[key] ?? [])]));
  return {
    boxes: concatBoxes(lists.map(({ boxes }) => boxes)),
    labels: Int32Array.from(lists.flatMap(({ labels }) => [...labels])),
    scores: joined('scores'),
    ...(masks && { masks: lists.flatMap((list) => list.masks ?? []) }),
    ...(keypoints && { keypoints: joined('keypoints') }),
    ...(keypointScores && { keypointScores: joined('keypointScores') }),
  };
}
