import { descendingOrder } from '../../ops/descending-order';
import { clipBoxes, numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Size } from '../../structures/size';
import type { Found } from '../found';
import type { BoxCoder } from '../matching/box-coder';

const { fround } = Math;

export interface SsdCandidateOptions {
  /** Probability above which a default box is a candidate of a label. */
  readonly scoreThreshold: number;
  /** Candidates of each label that are left, the best. */
  readonly topkCandidates: number;
}

/**
 * What non-maximum suppression gets of one image: label by label, the best first, seen inside the image; postprocess_detections
 * of torchvision's SSD. Of equal scores it takes the lower index first, which torch leaves open. Boxes and probabilities that
 * are not a number are left out.
 *
 * @param probabilities [A * (K + 1)] of each label; label 0 is the background
 * @param deltas [A * 4]
 * @param anchors A boxes in pixels of the resized image
 */
export function ssdCandidates(
  probabilities: Float32Array,
  deltas: Float32Array,
  anchors: Boxes,
  imageSize: Size,
  boxCoder: BoxCoder,
  { scoreThreshold, topkCandidates }: SsdCandidateOptions,
): Found {
  const numAnchors = numBoxes(anchors);
  const numLabels = probabilities.length / numAnchors;
  const threshold = fround(scoreThreshold);
  const boxes = clipBoxes(boxCoder.decode(deltas, anchors), imageSize);
  const isNumber = Uint8Array.from({ length: numAnchors }, (_, i) =>
    Number.isNaN(boxes[4 * i] + boxes[4 * i + 1] + boxes[4 * i + 2] + boxes[4 * i + 3]) ? 0 : 1,
  );
  const found: { anchor: number; label: number; score: number }[] = [];
  for (let label = 1; label < numLabels; label++) {
    const likely: number[] = [];
    for (let anchor = 0; anchor < numAnchors; anchor++) {
      if (probabilities[anchor * numLabels + label] > threshold && isNumber[anchor] === 1)
        likely.push(anchor);
    }
    const scores = Float32Array.from(likely, (anchor) => probabilities[anchor * numLabels + label]);
    for (const i of descendingOrder(scores, Math.min(topkCandidates, likely.length))) {
      found.push({ anchor: likely[i], label, score: scores[i] });
    }
  }
  return {
    boxes: selectBoxes(
      boxes,
      Int32Array.from(found, ({ anchor }) => anchor),
    ),
    scores: Float32Array.from(found, ({ score }) => score),
    labels: Int32Array.from(found, ({ label }) => label),
  };
}
