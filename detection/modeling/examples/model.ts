import type { Losses, Trainable } from '../../nn/trainable';
import { Module } from '../../nn/module';

/**
 * A model that knows its own losses. Two methods rather than one whose result depends on a mode: the type checker
 * sees which is which, and a validation loss is `losses` outside of a training.
 */
export abstract class Model<Batch, Inputs, Outputs> extends Module implements Trainable<Batch> {
  /** Training-mode forward. The caller disposes the scalars. */
  abstract losses(batch: Batch): Losses;
  /** Inference. */
  abstract predict(inputs: Inputs): Outputs;
}
