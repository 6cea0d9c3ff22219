import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../nn/trainable';

/** All losses in one read: on an accelerator each read waits for everything before it. */
export function readLosses(losses: Losses): Record<string, number> {
  const names = Object.keys(losses);
  if (names.length === 0) throw new Error('the model returned no losses');
  const values = tf.tidy(() => tf.stack(Object.values(losses)).dataSync());
  return Object.fromEntries(names.map((name, k) => [name, values[k]]));
}
