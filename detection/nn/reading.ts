import * as tf from '@tensorflow/tfjs-core';
import { disposingAll } from './scope';
import { keepingAll } from './tfjs-internals';

/**
 * A computation that needs the values of tensors on its way: it yields float32 tensors, is given their values, and goes
 * on. So it is written once for backends that read synchronously and for those that cannot. Whoever runs it disposes all
 * tensors that it makes and has not disposed itself: its result holds none.
 */
export type Reading<Result> = Generator<readonly tf.Tensor[], Result, readonly Float32Array[]>;

/** Runs a computation on a backend that reads synchronously. */
export function readSync<Result>(computation: () => Reading<Result>): Result {
  return disposingAll(() => {
    const reading = computation();
    let step = reading.next();
    while (step.done !== true) step = reading.next(step.value.map((tensor) => tensor.dataSync<'float32'>()));
    return step.value;
  });
}

/** The same on any backend: other work may run while values are under way. */
export async function readAsync<Result>(computation: () => Reading<Result>): Promise<Result> {
  const reading = computation();
  const made: tf.Tensor[] = [];
  try {
    let step = keepingAll(made, () => reading.next());
    while (step.done !== true) {
      const values = await Promise.all(step.value.map((tensor) => tensor.data<'float32'>()));
      step = keepingAll(made, () => reading.next(values));
    }
    return step.value;
  } finally {
    tf.dispose(made);
  }
}
