import type { Boxes } from './boxes';
import type { Mask } from './mask';

/**
 * What is known, or found, of the objects of one image: detectron2's Instances. Lists have an entry for each object. In
 * the code gtInstances is what is known, predInstances what is found.
 */
export interface Instances {
  /** N boxes. */
  readonly boxes: Boxes;
  /** [N], 1..K: label 0 is the background and never occurs here. */
  readonly labels: Int32Array;
  /** [N] masks of the image's size. Absent: the data set, or the model, has none. */
  readonly masks?: readonly Mask[];
  /** [N], of targets: 1 for each object that has a mask. Absent: all have. */
  readonly hasMask?: Uint8Array;
  /**
   * [N, K, 3], x, y, visibility of each keypoint, in the order of the KeypointLayout; an object without any has visibility 0
   * throughout.
   */
  readonly keypoints?: Float32Array;
  /**
   * R boxes, of targets: regions that count neither as object nor as background in training, crowds for instance. They belong to
   * the image, not to its objects. Absent: none.
   */
  readonly ignored?: Boxes;
}

/** Ground truth of one image, in pixels of the image that it comes with. An image without objects has none, and trains. */
export type Targets = Instances;

/** What a detector emits for one image: best first, in pixels of the original image. */
export interface Detections extends Instances {
  /** [N], 0..1. */
  readonly scores: Float32Array;
  /** [N, K], of each keypoint. */
  readonly keypointScores?: Float32Array;
}
