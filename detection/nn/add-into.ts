import * as tf from '@tensorflow/tfjs-core';

/** The sum, if there is anything to add. Takes over `x`: with large maps each copy that lives on a while counts. */
export function addInto(x: tf.Tensor4D, y: tf.Tensor | undefined): tf.Tensor4D {
  if (!y) return x;
  const sum: tf.Tensor4D = tf.add(x, y);
  x.dispose();
  return sum;
}
