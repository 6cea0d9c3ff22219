import type { Detections, Instances } from '../../detection/structures/instances';
import type { KeypointLayout } from '../../detection/structures/keypoint-layout';
import type { LabeledBox } from './overlay-svg';
import { categoryColor } from './palette';

/** What objects are called, and how their keypoints are joined. */
export interface DrawnAs {
  /** The name of a label 1..K. */
  readonly nameOf: (label: number) => string;
  /** Of the keypoints; without it they are drawn as points alone. */
  readonly layout?: Pick<KeypointLayout, 'skeleton'>;
}

/**
 * A detected keypoint is drawn where its score is greater. Scores are torchvision's: the logit of the place where the head has found
 * it, which is below 0 where the head sees the keypoint nowhere in the box.
 */
const MIN_KEYPOINT_SCORE = 0;

/**
 * The objects of an image, known or found, as they are drawn, in their order, each in the color of its category. Of found ones the
 * keypoints are drawn that the detector is sure enough of.
 */
export function objectsToDraw(instances: Instances | Detections, { nameOf, layout }: DrawnAs): LabeledBox[] {
  const { boxes, labels, masks, hasMask, keypoints } = instances;
  const found = 'scores' in instances ? instances : undefined;
  const numKeypoints = keypoints ? keypoints.length / 3 / labels.length : 0;
  const pointsOf = (k: number): Float32Array => {
    const points = keypoints!.slice(3 * k * numKeypoints, 3 * (k + 1) * numKeypoints);
    const scores = found?.keypointScores?.subarray(k * numKeypoints, (k + 1) * numKeypoints);
    scores?.forEach((score, i) => (points[3 * i + 2] = score > MIN_KEYPOINT_SCORE ? 2 : 0));
    return points;
  };
  return Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]],
    label: nameOf(label),
    ...(found && { score: found.scores[k] }),
    color: categoryColor(label),
    ...(masks && hasMask?.[k] !== 0 && { mask: masks[k] }),
    ...(keypoints && { keypoints: { points: pointsOf(k), skeleton: layout?.skeleton ?? [] } }),
  }));
}
