import type * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from './module';
import type { RandomStream } from './random';

/** Scalars to minimize, by name. What they mean is the model's business. */
export type Losses = Record<string, tf.Scalar>;

/** All that the trainer knows of a model. */
export interface Trainable<Batch> {
  /** Training-mode forward: computes the model's own losses. The caller disposes them. */
  losses(batch: Batch): Losses;
  /** Every parameter, frozen ones too, under its name on disk. */
  namedParameters(): Iterable<[string, Parameter]>;
  /** Running statistics and the like: no gradient, but part of a checkpoint. */
  namedBuffers(): Iterable<[string, Parameter]>;
  /** Every stream that the forward draws random numbers from. The trainer starts them anew for each batch. */
  randomStreams(): Iterable<RandomStream>;
}
