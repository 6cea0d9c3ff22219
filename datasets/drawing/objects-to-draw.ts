import type { Detections, Instances } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { LabeledBox } from './overlay-svg';
import { surelyFound } from './surely-found';
import { categoryColor } from './palette';

/** What objects are called, and how their keypoints are joined. */
export interface DrawnAs {
  /** The name of a label 1..K. */
  readonly nameOf: (label: number) => string;
  /** Of the keypoints; without it they are drawn as points alone. */
  readonly layout?: Pick<KeypointLayout, 'skeleton'>;
}

/**
 * The objects of an image, known or found, as they are drawn, in their order, each in the color of its category. Of found ones the
 * keypoints are drawn that the detector is sure enough of.
 */
export function objectsToDraw(instances: Instances | Detections, { nameOf, layout }: DrawnAs): LabeledBox[] {
  const { boxes, labels, masks, hasMask } = instances;
  const found = 'scores' in instances ? instances : undefined;
  const keypoints = found ? surelyFound(found) : instances.keypoints;
  const row = keypoints ? keypoints.length / labels.length : 0;
  return Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]],
    label: nameOf(label),
    ...(found && { score: found.scores[k] }),
    color: categoryColor(label),
    ...(masks && hasMask?.[k] !== 0 && { mask: masks[k] }),
    ...(keypoints && {
      keypoints: { points: keypoints.slice(k * row, (k + 1) * row), skeleton: layout?.skeleton ?? [] },
    }),
  }));
}
