import * as tf from '@tensorflow/tfjs-core';
import type { Trainable } from '../../../detection/nn/trainable';

/** Makes a model train as if weights had been loaded: frozen statistics are written, with the values that they have. */
export function asLoaded<Model extends Pick<Trainable<never>, 'namedBuffers'>>(model: Model): Model {
  for (const [, buffer] of model.namedBuffers()) {
    tf.tidy(() =>
      buffer.variable.assign(tf.tensor(buffer.value.dataSync(), buffer.value.shape, buffer.value.dtype)),
    );
  }
  return model;
}
