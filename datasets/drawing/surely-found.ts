import type { Detections } from '../../detection/structures/instances';

/**
 * A keypoint is taken for found where its score is greater. Scores are torchvision's: the logit at the place that the head prefers
 * to all others in the box. Its loss only compares places, so that a logit is no probability; but a head that has learned from
 * visible keypoints has positive ones at those that it sees.
 */
const MIN_KEYPOINT_SCORE = 0;

/**
 * The keypoints of detections for whoever shows them, or takes them for labels: [N, K, 3], with visibility 2 where the detector
 * has surely found them, and zeros where it has not. Undefined where there are none.
 */
export function surelyFound({ keypoints, keypointScores }: Detections): Float32Array | undefined {
  return keypoints?.map((value, i) => {
    if (keypointScores && !isSurelyFound(keypointScores[Math.floor(i / 3)])) return 0;
    return i % 3 === 2 ? 2 : value;
  });
}

/** Whether a keypoint of this score is taken for found. */
export function isSurelyFound(score: number): boolean {
  return score > MIN_KEYPOINT_SCORE;
}
