import { keypointsToHeatmap } from '../../ops/keypoints-to-heatmap';
import { selectBoxes, type Boxes } from '../../structures/boxes';
import type { Targets } from '../../structures/instances';
import { selectInstances } from '../../structures/transform-instances';
import type { Sample } from './box-stage';

/** The samples of an image that its keypoint head learns from, R of them. */
export interface KeypointSample {
  /** Pixels of the resized image. */
  readonly boxes: Boxes;
  /** [R] index of its object. */
  readonly matchedGt: Int32Array;
  /** [R, K, 3] of the object that each is matched to. */
  readonly keypoints: Float32Array;
  /** Keypoints that are labeled and lie in their box. */
  readonly numValid: number;
}

/**
 * The positive samples of an image with a labeled keypoint in their box.
 *
 * @param numKeypoints K
 * @throws RangeError where the targets have another number of keypoints.
 */
export function keypointSample(
  { boxes, labels, matchedGt }: Sample,
  targets: Targets,
  numKeypoints: number,
  heatmapSize: number,
): KeypointSample {
  const { keypoints } = targets;
  if (keypoints && keypoints.length !== 3 * numKeypoints * targets.labels.length) {
    throw new RangeError(
      `${keypoints.length} numbers are no ${numKeypoints} keypoints of each of ${targets.labels.length} objects`,
    );
  }
  const learnFrom = (rois: Int32Array) => {
    const itsGt = rois.map((roi) => matchedGt[roi]);
    return {
      boxes: selectBoxes(boxes, rois),
      matchedGt: itsGt,
      keypoints: selectInstances(targets, itsGt).keypoints ?? new Float32Array(),
    };
  };
  const positives = Int32Array.from(labels.keys()).filter((roi) => labels[roi] > 0 && keypoints);
  const all = learnFrom(positives);
  const { valid } = keypointsToHeatmap(all.keypoints, all.boxes, heatmapSize);
  const learned = positives.filter((_, row) =>
    valid.subarray(row * numKeypoints, (row + 1) * numKeypoints).includes(1),
  );
  return { ...learnFrom(learned), numValid: valid.filter((isValid) => isValid === 1).length };
}
