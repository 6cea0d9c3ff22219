import { numBoxes, type Boxes } from '../structures/boxes';
import { CubicEnlargement } from './cubic-enlargement';

const { fround } = Math;

/** Keypoints of R objects. */
export interface FoundKeypoints {
  /** [R, K, 3] x, y, in the pixels of the boxes, and 1. */
  readonly keypoints: Float32Array;
  /** [R, K] what the heatmap says there: a logit. */
  readonly scores: Float32Array;
}

/**
 * The keypoints that heatmaps over boxes show: torchvision's heatmaps_to_keypoints. Each heatmap is enlarged to whole pixels of
 * its box, bicubically; the keypoint is in the middle of the pixel with the largest value, of the first one of several.
 *
 * @param heatmaps [R, size, size, K]
 * @param boxes of the R objects
 */
export function heatmapsToKeypoints(heatmaps: Float32Array, boxes: Boxes, size: number): FoundKeypoints {
  const numObjects = numBoxes(boxes);
  const area = size * size;
  const numKeypoints = numObjects > 0 ? heatmaps.length / (numObjects * area) : 0;
  const keypoints = new Float32Array(3 * numObjects * numKeypoints);
  const scores = new Float32Array(numObjects * numKeypoints);
  const heatmap = new Float32Array(area);
  for (let object = 0; object < numObjects; object++) {
    const [x1, y1, x2, y2] = boxes.subarray(4 * object, 4 * object + 4);
    const width = Math.max(fround(x2 - x1), 1);
    const height = Math.max(fround(y2 - y1), 1);
    const pixels = { width: Math.ceil(width), height: Math.ceil(height) };
    const enlargement = new CubicEnlargement(size, pixels);
    for (let keypoint = 0; keypoint < numKeypoints; keypoint++) {
      const offset = object * area * numKeypoints + keypoint;
      for (let i = 0; i < area; i++) heatmap[i] = heatmaps[offset + i * numKeypoints];
      const { row, column, value } = enlargement.maximum(heatmap);
      const found = object * numKeypoints + keypoint;
      keypoints[3 * found] = fround((column + 0.5) * fround(width / pixels.width)) + x1;
      keypoints[3 * found + 1] = fround((row + 0.5) * fround(height / pixels.height)) + y1;
      keypoints[3 * found + 2] = 1;
      scores[found] = value;
    }
  }
  return { keypoints, scores };
}
