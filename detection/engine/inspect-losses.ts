import * as tf from '@tensorflow/tfjs-core';
import { EventStorage } from '../events/event-storage';
import { joinSamples, type SampleTable } from '../events/samples';
import { withStorage } from '../events/summary';
import type { Trainable } from '../nn/trainable';
import { readLosses } from './loss-values';
import { lossesOfPart } from './validation-losses';

/** The losses of a batch, and what they are made of. */
export interface InspectedLosses {
  /** By name. */
  readonly losses: Readonly<Record<string, number>>;
  /** By name, in the order in which the model made them: each a table for every image that has rows in it. */
  readonly tables: ReadonlyMap<string, readonly SampleTable[]>;
}

/**
 * Computes the losses of a batch as `validationLosses` does, without a tape and without changing the model, and collects what the
 * model puts into `summary.samples` while it does. The losses are the same to the bit as without.
 *
 * @param draw names what the model draws at random: the same name, the same draw
 */
export function inspectLosses<Batch>(model: Trainable<Batch>, batch: Batch, draw: string): InspectedLosses {
  const storage = new EventStorage();
  storage.wantSamples();
  const losses = withStorage(storage, () => lossesOfPart(model, batch, draw));
  try {
    const tables = [...storage.sampleParts].map(([name, parts]) => [name, joinSamples(parts)] as const);
    return { losses: readLosses(losses), tables: new Map(tables) };
  } finally {
    tf.dispose(losses);
  }
}
