import type { Value } from '../../onnx/value';
import { exportBestOfLabels } from '../best-of-labels-onnx';
import {
  exportClip,
  exportIsLarge,
  mostTrue,
  type ExportedBoxes,
  type ExportedFound,
  type ExportedImages,
} from '../exported';
import type { BoxCoder } from '../matching/box-coder';
import type { ExportedRoiPredictions } from './box-head';
import type { FastRcnnInferenceOptions } from './fast-rcnn-inference';

const { fround } = Math;

/**
 * `fastRcnnInference` in an ONNX graph, for all images of a batch, each with R proposals.
 *
 * @param probabilities [N * R, K + 1] of each label; label 0 is the background
 */
export function exportInference(
  probabilities: Value,
  { boxDeltas: deltas, numClasses, boxesOfRoi }: ExportedRoiPredictions,
  { boxes: proposals, isThere }: ExportedBoxes,
  images: ExportedImages,
  boxCoder: BoxCoder,
  { scoreThreshold, minDetectionSize, ...limits }: FastRcnnInferenceOptions,
): ExportedFound {
  const numImages = proposals.side(0);

  // 1. What is likely enough, best first: only this is decoded.
  const ofClasses = probabilities.slice(1, 1).reshape([numImages, -1, numClasses]);
  const isLikely = ofClasses.greater(fround(scoreThreshold)).and(isThere.unsqueeze(2));
  const byPair = isLikely.select(ofClasses, 0).reshape([numImages, -1]);
  const { values: scores, indices: pairs } = byPair.topK(mostTrue(isLikely.reshape([numImages, -1])), 1);
  const rois = pairs.div(numClasses);
  const labels = pairs.mod(numClasses).add(1);
  const indices =
    boxesOfRoi === 1 ? rois : rois.mul(boxesOfRoi).add(labels.sub(boxesOfRoi === numClasses ? 1 : 0));
  const itsDeltas = deltas.reshape([numImages, -1, 4]).gatherOfEach(indices);
  const decoded = boxCoder.exportDecode(itsDeltas, proposals.gatherOfEach(rois));

  // 2. What is large enough, seen inside the image.
  const boxes = exportClip(decoded, images);
  const isLarge = exportIsLarge(boxes, fround(minDetectionSize));
  const isCandidate = scores.greater(fround(scoreThreshold)).and(isLarge);

  // 3. What no better one of its class covers.
  return exportBestOfLabels({ boxes, scores, labels, isCandidate }, numClasses, limits);
}
