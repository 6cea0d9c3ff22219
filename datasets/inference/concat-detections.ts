import { concatBoxes } from '../../detection/structures/boxes';
import type { Detections } from '../../detection/structures/instances';

/** All detections one list after the other: boxes, labels and scores. */
export function concatDetections(lists: readonly Detections[]): Detections {
  return {
    boxes: concatBoxes(lists.map(({ boxes }) => boxes)),
    labels: Int32Array.from(lists.flatMap(({ labels }) => [...labels])),
    scores: Float32Array.from(lists.flatMap(({ scores }) => [...scores])),
  };
}
