import {
  cocoPersonKeypoints,
  numberedKeypoints,
  type KeypointLayout,
} from '../../detection/structures/keypoint-layout';

/**
 * The keypoints of a detector whose file does not say them: COCO's of a person where there are as many, otherwise numbers, without
 * pairs or lines.
 */
export function unnamedKeypoints(count: number | undefined): KeypointLayout | undefined {
  if (count === undefined) return undefined;
  if (count === cocoPersonKeypoints.names.length) return cocoPersonKeypoints;
  return { names: numberedKeypoints(count), flipPairs: [], skeleton: [] };
}
