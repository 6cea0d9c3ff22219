import { DEFAULT_PREFETCH } from '../../datasets/loader/batch-loader';
import type { Detector } from '../../detection/modeling/detector';
import type { BatchShape } from './probe-batch';
import type { StepBytes } from './step-bytes';

/** What a training holds beside the tensors of a step, bytes. */
export interface TrainingState {
  /** Resident in the process once the model is there. */
  readonly resident: number;
  /** Of the parameters that are trained. */
  readonly trained: number;
  /** Of the optimizer, and of gradients that are added up over batches. */
  readonly state: number;
}

/** Batches that a loader has ready or is filling: those ahead, and the next one. */
const LOADED_BATCHES = DEFAULT_PREFETCH + 1;

/** Three floats. */
const BYTES_OF_PIXEL = 12;

/**
 * Of TensorFlow's allocator, which keeps a pool, and of oneDNN, which works on copies of filters and gradients: fitted to resident
 * peaks of first steps of detectors from 14 to 166 MB of weights at 256 to 1024 pixels and batches of 1 to 8, which it meets to 8 %;
 * docs/training.md has whole trainings.
 */
const POOL = { ofStep: 1.35, ofTrained: 0.5, always: 150e6 };

/** The resident memory of a training at its peak, bytes. */
export function residentPeak(
  { forward, backward }: StepBytes,
  { images, height, width }: BatchShape,
  { resident, trained, state }: TrainingState,
): number {
  const pool = POOL.always + POOL.ofTrained * trained;
  const loaded = LOADED_BATCHES * images * height * width * BYTES_OF_PIXEL;
  return resident + state + pool + POOL.ofStep * Math.max(forward, backward) + loaded;
}

/** Bytes of the parameters of a detector that are trained. */
export function trainedBytes(detector: Detector): number {
  let values = 0;
  for (const [, { trainable, value }] of detector.namedParameters()) if (trainable) values += value.size;
  return values * Float32Array.BYTES_PER_ELEMENT;
}
