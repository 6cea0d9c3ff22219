import * as tf from '@tensorflow/tfjs-core';
import { noGradient, recordOperation } from './tfjs-internals';

/** tf.reshape whose node saves nothing: tfjs's keeps its input alive until the backward, for nothing but its shape. */
export function reshape<R extends tf.Rank>(x: tf.Tensor, shape: tf.ShapeMap[R]): tf.Tensor<R> {
  const output = noGradient(() => tf.reshape<R>(x, shape));
  const inputShape = x.shape;
  // Not 'Reshape': the engine replaces the gradient of a name that it knows.
  recordOperation('Reshaped', { x }, output, [], (dy) => ({ x: () => tf.reshape(dy, inputShape) }));
  return output;
}
