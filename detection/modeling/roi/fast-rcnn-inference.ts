import { batchedNms } from '../../ops/nms';
import type { Boxes } from '../../structures/boxes';
import { clipBoxes, numBoxes, selectBoxes } from '../../structures/boxes';
import type { Size } from '../../structures/size';
import type { Found } from '../found';
import type { BoxCoder } from '../matching/box-coder';
import { boxOfLabel } from './box-head';

const { fround } = Math;

export interface FastRcnnInferenceOptions {
  /** Probability above which a detection stays. */
  readonly scoreThreshold: number;
  readonly nmsThreshold: number;
  readonly detectionsPerImage: number;
  /** Shortest side in pixels of the resized image. */
  readonly minDetectionSize: number;
}

/**
 * `fastRcnnInference` of each image of a batch. Lists have an entry for each image; what is predicted is of all of them, one after
 * the other.
 *
 * @param probabilities [R * (K + 1)] of each label
 * @param deltas [R * B * 4], of the boxes of each proposal
 */
export function inferImages(
  probabilities: Float32Array,
  deltas: Float32Array,
  proposals: readonly Boxes[],
  imageSizes: readonly Size[],
  boxCoder: BoxCoder,
  options: FastRcnnInferenceOptions,
): Found[] {
  const total = proposals.reduce((sum, ofImage) => sum + numBoxes(ofImage), 0);
  const [numLabels, numDeltas] = [probabilities, deltas].map(({ length }) => length / total);
  let first = 0;
  return proposals.map((ofImage, image) => {
    const last = first + numBoxes(ofImage);
    const found = fastRcnnInference(
      probabilities.subarray(first * numLabels, last * numLabels),
      deltas.subarray(first * numDeltas, last * numDeltas),
      ofImage,
      imageSizes[image],
      boxCoder,
      options,
    );
    first = last;
    return found;
  });
}

/**
 * What is found in one image, from what the box head predicts for its R proposals: postprocess_detections of torchvision's
 * RoIHeads, fast_rcnn_inference of detectron2. Boxes and probabilities that are not a number are left out.
 *
 * @param probabilities [R * (K + 1)] of each label; label 0 is the background
 * @param deltas [R * B * 4], of the boxes of each proposal
 * @param proposals R boxes in pixels of the resized image
 * @param imageSize of the resized image before padding: boxes are clipped to it
 */
export function fastRcnnInference(
  probabilities: Float32Array,
  deltas: Float32Array,
  proposals: Boxes,
  imageSize: Size,
  boxCoder: BoxCoder,
  options: FastRcnnInferenceOptions,
): Found {
  // 1. What is likely enough: only this is decoded.
  const numLabels = probabilities.length / numBoxes(proposals);
  const scoreThreshold = fround(options.scoreThreshold);
  const likely: number[] = [];
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] > scoreThreshold && i % numLabels > 0) likely.push(i);
  }
  const decoded = new Float32Array(likely.length * 4);
  const boxesOfRoi = deltas.length / proposals.length;
  likely.forEach((prediction, i) => {
    const roi = Math.floor(prediction / numLabels);
    const box = roi * boxesOfRoi + boxOfLabel(prediction % numLabels, boxesOfRoi, numLabels);
    boxCoder.decodeInto(decoded, i, deltas, box, proposals, roi);
  });

  // 2. What is large enough, seen inside the image.
  const clipped = clipBoxes(decoded, imageSize);
  const minSize = fround(options.minDetectionSize);
  const candidates = Int32Array.from(likely.keys()).filter(
    (i) =>
      fround(clipped[i * 4 + 2] - clipped[i * 4]) >= minSize &&
      fround(clipped[i * 4 + 3] - clipped[i * 4 + 1]) >= minSize,
  );
  const boxes = selectBoxes(clipped, candidates);
  const scores = Float32Array.from(candidates, (i) => probabilities[likely[i]]);
  const labels = candidates.map((i) => likely[i] % numLabels);

  // 3. What no better one of its class covers.
  const kept = batchedNms(boxes, scores, labels, options.nmsThreshold, options.detectionsPerImage);
  return {
    boxes: selectBoxes(boxes, kept),
    scores: Float32Array.from(kept, (i) => scores[i]),
    labels: kept.map((i) => labels[i]),
  };
}
