import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `f` and disposes every tensor that it made: tf.tidy for functions that return numbers. (tidy searches its
 * result for tensors, through each element of each typed array.)
 */
export function disposingAll<T>(f: () => T): T {
  tf.engine().startScope();
  try {
    return f();
  } finally {
    tf.engine().endScope();
  }
}
