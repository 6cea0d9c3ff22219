import { concat, type Value } from '../onnx/value';
import { nextBelow } from './next-below';
import { MOST_BOXES_TO_SHIFT } from './nms';

/** Candidates of N images, K of each. */
export interface ExportedCandidates {
  /** [N, K, 4] */
  readonly boxes: Value;
  /** [N, K], 0 or more */
  readonly scores: Value;
  /** float32 [N, K] or [K], 0 or more: only boxes of one group suppress each other */
  readonly groups: Value;
  /** bool [N, K]: whether it is a candidate at all */
  readonly isCandidate: Value;
}

/** What suppression is told beside the candidates. */
export interface ExportedNmsOptions {
  /** Overlap above which the worse of two boxes is dropped. */
  readonly iouThreshold: number;
  /** Groups are 0..numGroups - 1. */
  readonly numGroups: number;
  /** Most boxes of an image that are kept. */
  readonly limit: number;
}

/** What is left of the candidates, best first: lists as long as the longest of all images, and at least 1. */
export interface ExportedKept {
  /** int64 [N, D], which of the candidates. */
  readonly indices: Value;
  /** [N, D] */
  readonly scores: Value;
  /** bool [N, D]: whether the list of its image is so long. */
  readonly isThere: Value;
}

/** Score of what is no candidate: lower than any. */
const NONE = -1;
/** Between the two. */
const LOWEST = -0.5;

/** `batchedNms` in an ONNX graph, image by image, with what it does for few boxes. */
export function exportBatchedNms(
  { boxes, scores, groups, isCandidate }: ExportedCandidates,
  { iouThreshold, numGroups, limit }: ExportedNmsOptions,
): ExportedKept {
  const { graph } = boxes;
  // 1. Up to so many boxes of an image are shifted apart, which rounds them; groups are kept apart in any case.
  const isShifted = isCandidate.cast('int64').sum(1).greater(MOST_BOXES_TO_SHIFT).op('Not');
  const largest = isCandidate.unsqueeze(2).select(boxes, 0).largest(1, 2);
  const step = isShifted.unsqueeze(2).select(largest.add(1), 0);
  const shifted = boxes.add(groups.unsqueeze(-1).mul(step));

  // 2. Scores by group [N, G, K].
  const allGroups = graph.constant(
    Array.from({ length: numGroups }, (_, group) => group),
    'float32',
  );
  const isOfGroup = groups.unsqueeze(-2).equal(allGroups.unsqueeze(1)).and(isCandidate.unsqueeze(1));
  const byGroup = isOfGroup.select(scores.unsqueeze(1), NONE);
  const [selected] = graph.node(
    'NonMaxSuppression',
    [
      shifted,
      byGroup,
      graph.constant([limit], 'int64'),
      graph.constant([notAbove(iouThreshold)], 'float32'),
      graph.constant([LOWEST], 'float32'),
    ],
    ['int64'],
  );

  // 3. The best of all groups. What is selected are rows of image, group, candidate.
  const places = concat([selected.slice(1, 0, 1), selected.slice(1, 2, 3)], 1);
  const none = graph.constant(0, 'int64').expand([scores.shape()]);
  const ones = graph.constant(1, 'int64').expand([places.side(0)]);
  const isKept = none.op('ScatterND', [places, ones]).greater(0);
  const longest = isKept.cast('int64').sum(1).largest(0, 1).reshape([1]);
  const length = longest.minimum(limit).maximum(1);
  const { values, indices } = isKept.select(scores, NONE).topK(length, 1);
  return { indices, scores: values, isThere: values.greater(LOWEST) };
}

/** The largest number of float32 that is not above a threshold: no number of float32 lies between the two. */
function notAbove(threshold: number): number {
  const rounded = Math.fround(threshold);
  return rounded <= threshold ? rounded : nextBelow(rounded);
}
