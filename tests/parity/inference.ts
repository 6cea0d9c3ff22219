/** What a detector says of a batch, stage by stage, in the form in which the torchvision peer reports it. */
import type * as tf from '@tensorflow/tfjs-core';
import type { ImageBatch } from '../../detection/structures/image-batch';
import type { Detections } from '../../detection/structures/instances';
import { compressCounts, type CompressedRle } from '../../datasets/coco/masks/rle';
import { summarizeMap, type TensorSummary } from './tensor-summary';

/** Best first. */
export interface DetectionList {
  readonly boxes: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  /** How many there are, where the list has not all of them; null where that is not known. */
  readonly count?: number | null;
  /** Of the first ones: in the original picture. */
  readonly masks?: readonly CompressedRle[];
  /** Of the first ones, of each keypoint: [x, y] in the original picture. */
  readonly keypoints?: readonly (readonly (readonly number[])[])[];
  /** Of the same detections. */
  readonly keypointScores?: readonly (readonly number[])[];
}

interface CommonStages {
  /** [height, width] before padding, of each image. */
  readonly resized: readonly (readonly number[])[];
  readonly batch: TensorSummary;
  /** Of each level: of the pyramid, or of SSD's maps. */
  readonly fpn: readonly TensorSummary[];
  /** Of each image. */
  readonly detections: readonly DetectionList[];
}

/** Lists have an entry for each level or for each image. */
export interface TwoStageInference extends CommonStages {
  readonly rpnLogits: readonly TensorSummary[];
  readonly rpnDeltas: readonly TensorSummary[];
  /** The best twenty, and how many there are. */
  readonly proposals: readonly { count: number; first: readonly (readonly number[])[] }[];
}

/** What non-maximum suppression gets of an image. */
export interface CandidateList {
  readonly count: number;
  readonly scoreSum: number;
  /** Of all coordinates. */
  readonly boxSum: number;
  /** Of the peer's the best twenty. */
  readonly best: DetectionList;
}

/** Lists have an entry for each level or for each image. */
export interface OneStageInference extends CommonStages {
  readonly anchors: readonly TensorSummary[];
  readonly classLogits: readonly TensorSummary[];
  readonly boxRegression: readonly TensorSummary[];
  readonly centerness?: readonly TensorSummary[];
  readonly candidates?: readonly CandidateList[];
}

/** One batch's way through the detector. */
export type Inference = TwoStageInference | OneStageInference;

export function isTwoStage(inference: Inference): inference is TwoStageInference {
  return 'proposals' in inference;
}

export function commonStages(
  images: ImageBatch,
  maps: readonly tf.Tensor4D[],
  detections: readonly Detections[],
): CommonStages {
  return {
    resized: images.sizes.map(({ height, width }) => [height, width]),
    batch: summarizeMap(images.tensor),
    fpn: maps.map(summarizeMap),
    detections: detections.map(detectionList),
  };
}

export function detectionList({
  boxes,
  labels,
  scores,
  masks,
  keypoints,
  keypointScores,
}: Detections): DetectionList {
  return {
    boxes: rows(boxes, 4),
    labels: [...labels],
    scores: [...scores],
    ...(masks && {
      masks: masks.map(({ size: { height, width }, counts }) => ({
        size: [height, width] as const,
        counts: compressCounts(counts),
      })),
    }),
    ...(keypoints &&
      keypointScores && {
        keypoints: split(rows(keypoints, 3), labels.length).map((points) => points.map(([x, y]) => [x, y])),
        keypointScores: split([...keypointScores], labels.length),
      }),
  };
}

/** Rows of `width` numbers each. */
export function rows(values: Float32Array, width: number): number[][] {
  return split([...values], values.length / width);
}

/** `count` parts of the same length. */
function split<T>(values: readonly T[], count: number): T[][] {
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * length, (i + 1) * length));
}
