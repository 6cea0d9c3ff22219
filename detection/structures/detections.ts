import type { Boxes } from './boxes';

/** What a detector emits for one image: N boxes, best first, in pixels of the original image. */
export interface Detections {
  readonly boxes: Boxes;
  /** [N], 0..1. */
  readonly scores: Float32Array;
  /** [N], 1..K. */
  readonly labels: Int32Array;
}
