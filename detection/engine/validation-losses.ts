import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../nn/random';
import { readLosses } from './loss-values';
import type { Trainable } from '../nn/trainable';

/**
 * Mean of each loss over batches that nothing is learnt from: simply `model.losses(batch)`, without a tape, which
 * changes no parameter and no running statistic. What the model samples follows from the seed and the batch's number
 * alone, the same each time; its own streams stand where they stood, so training goes on as if nothing had been.
 * Batches belong to `data`; each counts the same.
 *
 * @param afterBatch is told how many batches are done; what it throws ends this.
 * @throws Error where there is no batch.
 */
export async function validationLosses<Batch>(
  data: Iterable<Batch> | AsyncIterable<Batch>,
  model: Trainable<Batch>,
  seed: number,
  afterBatch?: (done: number) => void | Promise<void>,
): Promise<Record<string, number>> {
  const sums = new Map<string, number>();
  let done = 0;
  for await (const batch of data) {
    const losses = withOtherNumbers(model, seed, `validation/${done}`, () => model.losses(batch));
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

/** Runs `run` while the model's streams give other random numbers: those of a seed and a purpose. */
function withOtherNumbers<T>(model: Trainable<never>, seed: number, purpose: string, run: () => T): T {
  const streams = [...model.randomStreams()].map((stream) => ({ stream, state: stream.state }));
  try {
    for (const { stream } of streams)
      stream.state = new RandomStream(seed, `${purpose}/${stream.name}`).state;
    return run();
  } finally {
    for (const { stream, state } of streams) stream.state = state;
  }
}
