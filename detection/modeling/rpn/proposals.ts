import { descendingOrder } from '../../ops/descending-order';
import { batchedNms } from '../../ops/nms';
import { sigmoid } from '../../ops/sigmoid';
import type { Boxes } from '../../structures/boxes';
import { clipBoxes, numBoxes, selectBoxes } from '../../structures/boxes';
import type { Size } from '../../structures/size';
import type { BoxCoder } from '../matching/box-coder';

const { fround } = Math;

export interface ProposalOptions {
  /** Proposals of each level that non-maximum suppression sees. */
  readonly preNmsTopN: number;
  /** Proposals of all levels that are left. */
  readonly postNmsTopN: number;
  readonly nmsThreshold: number;
  /** Probability of an object from which on a proposal stays. */
  readonly scoreThreshold: number;
  /** Shortest side in pixels. */
  readonly minProposalSize: number;
}

/** N boxes, best first, in pixels of the resized image. */
export interface Proposals {
  readonly boxes: Boxes;
  /** [N] probability of an object. */
  readonly scores: Float32Array;
}

/**
 * The best boxes that the region proposal network sees in one image: filter_proposals of torchvision's
 * RegionProposalNetwork. Of equal logits it takes the lower index first, which torch leaves open. Proposals whose
 * logit or box is not a number are left out.
 *
 * @param logits [A] of the anchors of all levels, finest level first
 * @param deltas [A * 4]
 * @param anchors of each level, A together
 * @param imageSize of the resized image before padding: boxes are clipped to it
 */
export function filterProposals(
  logits: Float32Array,
  deltas: Float32Array,
  anchors: readonly Boxes[],
  imageSize: Size,
  boxCoder: BoxCoder,
  options: ProposalOptions,
): Proposals {
  // 1. The best anchors of each level by logit, moved by their deltas.
  const counts = anchors.map((ofLevel) => Math.min(options.preNmsTopN, numBoxes(ofLevel)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const decoded = new Float32Array(total * 4);
  const scores = new Float32Array(total);
  const levels = new Int32Array(total);
  let n = 0;
  let firstAnchor = 0;
  anchors.forEach((ofLevel, level) => {
    const levelLogits = logits.subarray(firstAnchor, firstAnchor + numBoxes(ofLevel));
    for (const anchor of descendingOrder(levelLogits, counts[level])) {
      boxCoder.decodeInto(decoded, n, deltas, firstAnchor + anchor, ofLevel, anchor);
      scores[n] = sigmoid(levelLogits[anchor]);
      levels[n++] = level;
    }
    firstAnchor += numBoxes(ofLevel);
  });

  // 2. Those that are large and likely enough, seen inside the image.
  const clipped = clipBoxes(decoded, imageSize);
  const minSize = fround(options.minProposalSize);
  const scoreThreshold = fround(options.scoreThreshold);
  const candidates = Int32Array.from(scores.keys()).filter(
    (i) =>
      fround(clipped[i * 4 + 2] - clipped[i * 4]) >= minSize &&
      fround(clipped[i * 4 + 3] - clipped[i * 4 + 1]) >= minSize &&
      scores[i] >= scoreThreshold,
  );
  const boxes = selectBoxes(clipped, candidates);
  const candidateScores = Float32Array.from(candidates, (i) => scores[i]);

  // 3. Those that no better one of their level covers.
  const candidateLevels = candidates.map((i) => levels[i]);
  const kept = batchedNms(boxes, candidateScores, candidateLevels, options.nmsThreshold, options.postNmsTopN);
  return { boxes: selectBoxes(boxes, kept), scores: Float32Array.from(kept, (i) => candidateScores[i]) };
}
