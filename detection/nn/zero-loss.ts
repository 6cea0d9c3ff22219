import * as tf from '@tensorflow/tfjs-core';
import type { Module } from './module';
import { isRecording, recordOperation } from './tfjs-internals';

/**
 * The loss of a part of a model that has nothing to learn from in this batch: 0, with a gradient of zeros by each of its
 * parameters, as the sum of no losses has. The caller disposes.
 */
export function zeroLoss(part: Module): tf.Scalar {
  const loss = tf.scalar(0);
  if (!isRecording()) return loss;
  const inputs: Record<string, tf.Tensor> = {};
  for (const [name, { trainable, value }] of part.namedParameters()) if (trainable) inputs[name] = value;
  recordOperation('ZeroLoss', inputs, loss, [], () =>
    Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, () => tf.zerosLike(value)])),
  );
  return loss;
}
