import type { Boxes } from './boxes';

/** Ground truth of one image, in pixels of the resized image that the model sees. */
export interface Targets {
  /** M boxes. An image without objects has none, and trains. */
  readonly gtBoxes: Boxes;
  /** [M], 1..K: label 0 is the background and never occurs here. */
  readonly gtLabels: Int32Array;
}
