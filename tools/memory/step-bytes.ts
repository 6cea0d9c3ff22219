import { TrainingStep } from '../../detection/engine/training-step';
import type { Detector } from '../../detection/modeling/detector';
import { isTrainingStep } from '../../detection/nn/tfjs-internals';
import { LiveBytes } from './live-bytes';
import { probeBatch, type BatchShape } from './probe-batch';

/** The most bytes that are alive at once in each half of a training step, beyond what is there between steps. */
export interface StepBytes {
  readonly forward: number;
  readonly backward: number;
}

/** Shares of the sides: half and a quarter of the pixels. */
const SHARES = [Math.SQRT1_2, 0.5];

/** Sides of a probe at least, pixels: all levels of a pyramid have several cells. */
const LEAST_SIDE = 128;

/**
 * The live bytes of a training step on a batch shape, extrapolated from two smaller ones: where the machine has not enough
 * memory for a step, measuring it would be killed. Bytes grow linearly with the pixels in each half of a step (of Faster
 * R-CNN, R50-FPN, from 512 to 1024 pixels: 2 % too low). A shape that is hardly larger than the smallest is measured itself.
 * Weights, running statistics and random draws stay what they are.
 *
 * @throws whatever a training step throws.
 */
export function stepBytes(detector: Detector, shape: BatchShape): StepBytes {
  const [larger, smaller] = probeShapes(detector, shape);
  const atLarger = measureStep(detector, larger);
  if (pixelsOf(smaller) >= pixelsOf(larger)) return atLarger;
  const atSmaller = measureStep(detector, smaller);
  const steps = (pixelsOf(shape) - pixelsOf(larger)) / (pixelsOf(larger) - pixelsOf(smaller));
  const extrapolate = (half: keyof StepBytes): number =>
    atLarger[half] + steps * Math.max(0, atLarger[half] - atSmaller[half]);
  return { forward: extrapolate('forward'), backward: extrapolate('backward') };
}

/** A model of one size of pictures is measured with fewer of them. */
function probeShapes({ input }: Detector, shape: BatchShape): BatchShape[] {
  if (input.resize.kind === 'fixed') {
    // Two at least: batch normalization of 1x1 maps needs two values.
    return [3, 2].map((images) => ({ ...shape, images: Math.min(images, shape.images) }));
  }
  const { sizeDivisor } = input;
  return SHARES.map((share) => {
    const side = (length: number): number =>
      Math.min(length, Math.max(LEAST_SIDE, sizeDivisor * Math.round((length * share) / sizeDivisor)));
    return { ...shape, height: side(shape.height), width: side(shape.width) };
  });
}

function pixelsOf({ images, height, width }: BatchShape): number {
  return images * height * width;
}

function measureStep(detector: Detector, shape: BatchShape): StepBytes {
  const highest = { forward: 0, backward: 0 };
  const live = new LiveBytes((bytes) => {
    const half = isTrainingStep() ? 'forward' : 'backward';
    highest[half] = Math.max(highest[half], bytes);
  });
  const step = new TrainingStep(detector);
  const batch = probeBatch(detector, shape);
  try {
    step.add(batch, 0);
    return highest;
  } finally {
    step.undo();
    step.clear();
    batch.images.tensor.dispose();
    live.stop();
  }
}
