import * as tf from '@tensorflow/tfjs-core';
import { readLosses } from './loss-values';
import type { Losses, Trainable } from '../nn/trainable';

/**
 * Mean of each loss over batches that nothing is learned from: simply `model.losses(batch)`, without a tape, which
 * changes no parameter and no running statistic. What the model samples follows from the seeds of its streams and the
 * batch's number alone, the same each time; the streams stand where they stood afterwards, as if nothing had been.
 * Batches belong to `data`; each counts the same.
 *
 * @param afterBatch is told how many batches are done; what it throws ends this.
 * @throws Error where there is no batch.
 */
export async function validationLosses<Batch>(
  data: Iterable<Batch> | AsyncIterable<Batch>,
  model: Trainable<Batch>,
  afterBatch?: (done: number) => void | Promise<void>,
): Promise<Record<string, number>> {
  const sums = new Map<string, number>();
  let done = 0;
  for await (const batch of data) {
    const losses = lossesOfPart(model, batch, `validation/${done}`);
    try {
      for (const [name, value] of Object.entries(readLosses(losses))) {
        sums.set(name, (sums.get(name) ?? 0) + value);
      }
    } finally {
      tf.dispose(losses);
    }
    done++;
    await afterBatch?.(done);
  }
  if (done === 0) throw new Error('there is no batch to compute validation losses of');
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / done]));
}

/** The losses with the random numbers of a part of each stream; the streams stand where they stood afterwards. The caller disposes. */
export function lossesOfPart<Batch>(model: Trainable<Batch>, batch: Batch, part: string): Losses {
  const streams = [...model.randomStreams()].map((stream) => ({ stream, state: stream.state }));
  try {
    for (const { stream } of streams) stream.seek(part);
    return model.losses(batch);
  } finally {
    for (const { stream, state } of streams) stream.state = state;
  }
}
