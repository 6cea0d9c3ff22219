import { concat, type Value } from '../../onnx/value';
import { exportBatchedNms } from '../../ops/nms-onnx';
import { exportClip, exportIsLarge, type ExportedBoxes, type ExportedImages } from '../exported';
import type { BoxCoder } from '../matching/box-coder';
import type { ProposalOptions } from './proposals';

const { fround } = Math;

/**
 * `filterProposals` in an ONNX graph, for all images of a batch.
 *
 * @param predictions of each level: logits [N, R], deltas [N, R, 4]
 * @param anchors of each level [R, 4]
 */
export function exportProposals(
  predictions: readonly { readonly logits: Value; readonly deltas: Value }[],
  anchors: readonly Value[],
  images: ExportedImages,
  boxCoder: BoxCoder,
  options: ProposalOptions,
): ExportedBoxes {
  // 1. The best anchors of each level by logit, moved by their deltas.
  const levels = predictions.map(({ logits, deltas }, level) => {
    const count = logits.side(1).minimum(options.preNmsTopN);
    const { values, indices } = logits.topK(count, 1);
    const references = anchors[level].gather(indices, 0);
    return {
      boxes: boxCoder.exportDecode(deltas.gatherOfEach(indices), references),
      scores: values.sigmoid(),
      groups: values.graph.constant([level], 'float32').expand([count]),
    };
  });
  const boxes = exportClip(
    concat(
      levels.map((level) => level.boxes),
      1,
    ),
    images,
  );
  const scores = concat(
    levels.map((level) => level.scores),
    1,
  );
  const groups = concat(
    levels.map((level) => level.groups),
    0,
  );

  // 2. Those that are large and likely enough.
  const isLikely = scores.greaterOrEqual(fround(options.scoreThreshold));
  const isCandidate = exportIsLarge(boxes, fround(options.minProposalSize)).and(isLikely);

  // 3. Those that no better one of their level covers.
  const kept = exportBatchedNms(
    { boxes, scores, groups, isCandidate },
    { iouThreshold: options.nmsThreshold, numGroups: levels.length, limit: options.postNmsTopN },
  );
  return { boxes: boxes.gatherOfEach(kept.indices), isThere: kept.isThere };
}
