import type { InferenceOptions } from '../../datasets/inference/options';
import type { InputError } from '../../detection/errors';
import type { WantedOutputs } from './outputs/create-outputs';
import type { GivenThresholds } from './score-thresholds';

/** What `rcnn detect` is to do. */
export interface DetectJob extends WantedOutputs {
  /** Pictures, folders of pictures, and patterns of their names; or a video. */
  readonly paths: readonly string[];
  /** Whether folders in folders are searched, too. */
  readonly recursive?: boolean;
  readonly scoreThreshold?: GivenThresholds;
  /** How pictures are shown to the detector. */
  readonly inference?: InferenceOptions;
  /** Every how many frames of a video objects are looked for. Default 1. */
  readonly every?: number;
}

/** What `rcnn detect` has to say. */
export interface DetectResult {
  /** For the standard output. */
  readonly text: string;
  /** Why it is not all that was asked for. */
  readonly fault?: InputError;
}
