import * as tf from '@tensorflow/tfjs-core';
import { noGradient, recordOperation } from './tfjs-internals';

/** `x` as it is; the gradient that comes back is multiplied by `factor`. The caller disposes. */
export function scaleGradient<T extends tf.Tensor>(x: T, factor: number): T {
  const output = noGradient(() => tf.clone(x));
  recordOperation('ScaleGradient', { x }, output, [], (dy) => ({ x: () => tf.mul(dy, factor) }));
  return output;
}
