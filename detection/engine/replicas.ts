import * as tf from '@tensorflow/tfjs-core';
import type { Json } from './hooks';

/**
 * Processes, or whatever else, that train one model together: each has a copy of it, computes its share of the batches of
 * each step, and learns from the sum. All that the trainer knows of them.
 */
export interface Replicas {
  /** Which one this is, 0..size-1. Number 0 decides what one has to decide for all. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /**
   * The elementwise sum of one tensor of each replica. All call it in the same order, with the same shapes and types; each
   * gets the same bits. The argument stays the caller's; the caller disposes the result.
   *
   * @throws ReplicaLostError where another one has ended, or does not answer.
   */
  readonly sum: (tensor: tf.Tensor) => Promise<tf.Tensor>;
}

/** Another replica has ended, or does not answer: nothing can be added up any more. */
export class ReplicaLostError extends Error {
  /** Name of the class. */
  override readonly name = 'ReplicaLostError';
}

/** One that trains by itself. */
export const ALONE: Replicas = {
  rank: 0,
  size: 1,
  sum: (tensor) => Promise.resolve(tf.clone(tensor)),
};

/** Words (of four bytes) of a message that one exchange carries. */
const WORDS_AT_FIRST = 1023;
const BYTES_PER_WORD = Int32Array.BYTES_PER_ELEMENT;

/**
 * What each replica says, by rank: sums of bytes, to which the others add zeros. All call it in the same order.
 *
 * @throws ReplicaLostError as `sum`.
 */
export async function gather<Message extends Json>(
  replicas: Replicas,
  message: Message,
): Promise<readonly Message[]> {
  if (replicas.size === 1) return [message];
  const bytes = new TextEncoder().encode(JSON.stringify(message));
  let messages = await gatherBytes(replicas, bytes, WORDS_AT_FIRST);
  const longest = messages.reduce((longest, { length }) => Math.max(longest, length), 0);
  if (longest > WORDS_AT_FIRST * BYTES_PER_WORD) {
    // Of few sizes: sums may remember each shape that they have had.
    const words = 2 ** Math.ceil(Math.log2(longest / BYTES_PER_WORD));
    messages = await gatherBytes(replicas, bytes, words);
  }
  return messages.map(({ content }) => JSON.parse(new TextDecoder().decode(content)) as Message);
}

interface GatheredBytes {
  /** Of the whole message, in bytes. */
  readonly length: number;
  /** The message, cut off where it is longer than there was room for. */
  readonly content: Uint8Array;
}

/** Each replica has a row of its own: the length of its message, and as much of it as fits. */
async function gatherBytes(
  { rank, size, sum }: Replicas,
  bytes: Uint8Array,
  words: number,
): Promise<GatheredBytes[]> {
  const row = words + 1;
  const rows = new Int32Array(size * row);
  rows[rank * row] = bytes.length;
  bytesOf(rows, rank * row + 1, words).set(bytes.subarray(0, words * BYTES_PER_WORD));
  const own = tf.tensor2d(rows, [size, row], 'int32');
  try {
    const total = await sum(own);
    const values = Int32Array.from(await total.data());
    total.dispose();
    return Array.from({ length: size }, (_, k) => {
      const length = values[k * row];
      return { length, content: bytesOf(values, k * row + 1, words).subarray(0, length) };
    });
  } finally {
    own.dispose();
  }
}

function bytesOf(values: Int32Array, start: number, words: number): Uint8Array {
  return new Uint8Array(values.buffer, start * BYTES_PER_WORD, words * BYTES_PER_WORD);
}
