import * as tf from '@tensorflow/tfjs-core';
import { noGradient } from '../../nn/tfjs-internals';

/** Runs a part of a body; with the tape off where nothing is trained up to there: it would save for nothing. */
export function recordIf(trained: boolean, forward: () => tf.Tensor4D): tf.Tensor4D {
  return trained ? tf.tidy(forward) : noGradient(() => tf.tidy(forward));
}
