import type { Value } from '../onnx/value';
import { exportBatchedNms } from '../ops/nms-onnx';
import type { DetectionLimits } from './detection-limits';
import type { ExportedFound } from './exported';

/** Candidates of N images in an ONNX graph, M of each, with the labels that they were found for. */
interface LabeledCandidates {
  /** [N, M, 4] */
  readonly boxes: Value;
  /** [N, M] */
  readonly scores: Value;
  /** int64 [N, M], 1..K */
  readonly labels: Value;
  /** bool [N, M]: whether it is a candidate at all. */
  readonly isCandidate: Value;
}

/**
 * What no better candidate of its label covers, best first: the last step of every detector, in an ONNX graph.
 *
 * @param numClasses K, without the background
 */
export function exportBestOfLabels(
  { labels, ...candidates }: LabeledCandidates,
  numClasses: number,
  { nmsThreshold, detectionsPerImage }: DetectionLimits,
): ExportedFound {
  const kept = exportBatchedNms(
    { ...candidates, groups: labels.cast('float32') },
    { iouThreshold: nmsThreshold, numGroups: numClasses + 1, limit: detectionsPerImage },
  );
  return {
    boxes: candidates.boxes.gatherOfEach(kept.indices),
    scores: kept.scores,
    labels: labels.gatherOfEach(kept.indices),
    isThere: kept.isThere,
  };
}
