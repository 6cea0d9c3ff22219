import type * as tf from '@tensorflow/tfjs-core';
import { noGradient } from '../nn/tfjs-internals';
import { disposingAll } from '../nn/scope';
import type { EventStorage, PrecisionRecallCurve, SummaryImage } from './event-storage';
import type { SampleRows } from './samples';

/**
 * The storage of the step that is running. It is the one mutable variable of a module in this project, so that a
 * layer deep in a model can tell a number without every signature above it carrying a storage. It is harmless
 * because only `withStorage` writes it, around a call that cannot be interleaved: `run` is synchronous, and the
 * previous value comes back whatever happens. Two trainings in one process never see each other's.
 */
let current: EventStorage | undefined;

/** Runs `run` with `summary` going to `storage`. */
export function withStorage<T>(storage: EventStorage, run: () => T): T {
  const previous = current;
  current = storage;
  try {
    return run();
  } finally {
    current = previous;
  }
}

/** A value, or how to compute it: asked for only where somebody listens. Tensors that this makes are disposed. */
export type Lazy<T> = T | (() => T);

/**
 * Tells the running training something, from anywhere in a model. Outside of a training step it does nothing. Of all
 * but scalars, it does nothing either at steps of which no writer wants them, so that they may cost something: as
 * functions, they are then not even computed. Nothing here is differentiated.
 */
export const summary = {
  /** A number to plot over the iterations: `summary.scalar('rpn/num_foreground', n)`. Wanted of every step. */
  scalar(name: string, value: Lazy<number>): void {
    current?.scalar(name, typeof value === 'number' ? value : computed(value));
  },

  /** Several numbers that are computed together. */
  scalars(compute: () => Readonly<Record<string, number>>): void {
    if (!current) return;
    for (const [name, value] of Object.entries(computed(compute))) current.scalar(name, value);
  },

  /** Values whose distribution is worth a look. Reads a tensor at once, which makes an accelerator wait. */
  histogram(name: string, values: Lazy<tf.Tensor | ArrayLike<number>>): void {
    if (!current?.wantsDetails) return;
    const plain = (given: tf.Tensor | ArrayLike<number>): ArrayLike<number> =>
      'dataSync' in given ? given.dataSync() : given;
    current.histogram(name, typeof values === 'function' ? computed(() => plain(values())) : plain(values));
  },

  /** A picture, with boxes to draw over it. */
  image(name: string, image: Lazy<SummaryImage>): void {
    if (!current?.wantsDetails) return;
    current.image(name, typeof image === 'function' ? computed(image) : image);
  },

  /** How good detections are at each score. */
  precisionRecall(name: string, curve: Lazy<PrecisionRecallCurve>): void {
    if (!current?.wantsDetails) return;
    current.precisionRecall(name, typeof curve === 'function' ? computed(curve) : curve);
  },

  /**
   * Who was matched and sampled, with what loss: parts of a table of candidates, which others that know more of the same rows
   * add to. Computed only at steps whose samples somebody wants (`EventStorage.wantSamples`).
   */
  samples(name: string, parts: () => readonly SampleRows[]): void {
    if (!current?.wantsSamples) return;
    current.samples(name, computed(parts));
  },
};

/** Off the tape, and without a trace: what is told has no part in what is trained. */
function computed<T>(compute: () => T): T {
  return noGradient(() => disposingAll(compute));
}
