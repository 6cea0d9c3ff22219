import { concat, type Value } from '../onnx/value';

/** A batch of images in an ONNX graph: all of one size, normalized, resized, padded as `ImageBatch`. */
export interface ExportedImages {
  /** [N, 3, H, W] */
  readonly tensor: Value;
  /** After resizing, before padding: float32 [1]. */
  readonly height: Value;
  /** After resizing, before padding: float32 [1]. */
  readonly width: Value;
}

/** Boxes of each image, best first, where images have different numbers of them: lists are as long as the longest, and at least 1. */
export interface ExportedBoxes {
  /** [N, K, 4], pixels of the resized images. */
  readonly boxes: Value;
  /** bool [N, K]: whether there is such a box, or the list of its image has ended. */
  readonly isThere: Value;
}

/** What a detector finds in the images of a batch in an ONNX graph: `Found`. */
export interface ExportedFound extends ExportedBoxes {
  /** [N, K] */
  readonly scores: Value;
  /** int64 [N, K], 1..K */
  readonly labels: Value;
  /** Absent: the detector finds none. */
  readonly masks?: ExportedMasks;
  /** Absent: the detector finds none. */
  readonly keypoints?: ExportedKeypoints;
}

/** Masks within their boxes: `BoxMasks`. */
export interface ExportedMasks {
  /** [N, K, side, side] */
  readonly probabilities: Value;
  /** Height and width of each. */
  readonly side: number;
  /** What a pixel's probability has to exceed, or in detectron2 to reach. */
  readonly threshold: number;
  /** Where their pixels lie in the image. */
  readonly pasting: 'torchvision' | 'detectron2';
}

/** Keypoints of objects, C of each. */
export interface ExportedKeypoints {
  /** [N, K, C, 3], pixels of the resized images. */
  readonly keypoints: Value;
  /** [N, K, C] */
  readonly scores: Value;
  /** C */
  readonly count: number;
  /** What has to be taken off them, pixels of the original images. */
  readonly shift: number;
}

/** Boxes [..., 4] cut to 0..width and 0..height of the images: `clipBoxes`. */
export function exportClip(boxes: Value, { width, height }: Pick<ExportedImages, 'width' | 'height'>): Value {
  return boxes.maximum(0).minimum(concat([width, height, width, height], 0));
}

/** bool [...]: whether no side of boxes [..., 4] is shorter. */
export function exportIsLarge(boxes: Value, minSize: number): Value {
  const side = (axis: number): Value => column(boxes, axis + 2).sub(column(boxes, axis));
  return side(0).greaterOrEqual(minSize).and(side(1).greaterOrEqual(minSize));
}

/** [..., 4] -> [...]: one number of each box. */
export function column(boxes: Value, index: number): Value {
  return boxes.gather(boxes.graph.constant(index, 'int64'), -1);
}

/** Of a list of conditions [N, K]: how many are true in the image where most are, at least 1; int64 [1]. */
export function mostTrue(isTrue: Value): Value {
  return isTrue.cast('int64').sum(1).largest(0, 1).reshape([1]).maximum(1);
}
