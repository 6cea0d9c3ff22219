import type * as tf from '@tensorflow/tfjs-core';
import type { EventStorage, SummaryImage } from './event-storage';

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

/** Tells the running training something, from anywhere in a model. Outside of a training step it does nothing. */
export const summary = {
  /** A number to plot over the iterations: `summary.scalar('rpn/num_foreground', n)`. */
  scalar(name: string, value: number): void {
    current?.scalar(name, value);
  },

  /** Values whose distribution is worth a look. Reads the tensor at once, which makes an accelerator wait. */
  histogram(name: string, values: tf.Tensor | Iterable<number>): void {
    if (!current) return;
    current.histogram(name, Float32Array.from('dataSync' in values ? values.dataSync() : values));
  },

  image(name: string, image: SummaryImage): void {
    current?.image(name, image);
  },
};
