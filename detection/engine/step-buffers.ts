import * as tf from '@tensorflow/tfjs-core';
import type { Trainable } from '../nn/trainable';
import type { Replicas } from './replicas';
import { sumTensors } from './sum-tensors';

interface StepBuffer {
  readonly variable: tf.Variable;
  /** As it was before the step; shares memory with the variable until a forward writes that. */
  readonly before: tf.Tensor;
  /** Sum over the micro-batches so far, of a counter the last value; undefined while none has written it. */
  gathered: tf.Tensor | undefined;
  /** How many micro-batches there were when one last wrote it; 0: none has. */
  written: number;
}

/**
 * Running statistics and the like move once a step. Each micro-batch's forward begins with the buffers as they were
 * before the step, so it does not matter which of them comes first, or which process has it; the step's buffers are the
 * mean of what the micro-batches made of them, added up in their order. Integers, which count, get what the last made
 * of them. A buffer that no forward writes is left alone, and so is all that a step's only micro-batch made.
 */
export class StepBuffers {
  private readonly buffers: readonly StepBuffer[];
  private count = 0;

  constructor(model: Pick<Trainable<never>, 'namedBuffers'>) {
    this.buffers = [...model.namedBuffers()].map(([, { variable }]) => {
      return { variable, before: tf.clone<tf.Tensor>(variable), gathered: undefined, written: 0 };
    });
  }

  /** Before each forward. */
  begin(): void {
    if (this.count > 0) {
      this.gather();
      this.undo();
    }
    this.count++;
  }

  /** After the last forward. */
  finish(): void {
    if (this.count === 1) return;
    this.gather();
    this.assign(this.count);
  }

  /** After the last forward of one of several replicas: of each buffer the micro-batch, counted from 1, that wrote it last; 0: none has. */
  finishShare(): number[] {
    this.gather();
    return this.buffers.map(({ written }) => written);
  }

  /**
   * Makes the step's buffers of what all replicas have.
   *
   * @param written what `finishShare` gave each replica, by rank.
   * @throws ReplicaLostError
   */
  async join(replicas: Replicas, written: readonly (readonly number[])[]): Promise<void> {
    const { rank, size } = replicas;
    const shared = new Map<string, tf.Tensor>();
    this.buffers.forEach((buffer, k) => {
      const { variable, before, gathered } = buffer;
      // Of micro-batches that are dealt out in turn: the later round, and in one round the higher rank, comes later.
      const order = written.map((ofRank, other) => (ofRank[k] === 0 ? -1 : ofRank[k] * size + other));
      const latest = Math.max(...order);
      if (latest < 0) return;
      const part = isCounter(variable)
        ? order[rank] === latest && gathered
          ? tf.clone(gathered)
          : tf.zerosLike(before)
        : gathered
          ? tf.clone(gathered)
          : tf.mul(before, this.count);
      shared.set(String(k), part);
    });
    try {
      await sumTensors(replicas, shared);
      this.buffers.forEach((buffer, k) => {
        buffer.gathered?.dispose();
        buffer.gathered = shared.get(String(k));
        shared.delete(String(k));
      });
    } finally {
      tf.dispose([...shared.values()]);
    }
    this.assign(this.count * size);
  }

  /** Gives the model the buffers of before the step. */
  undo(): void {
    for (const { variable, before } of this.buffers) variable.assign(before);
  }

  dispose(): void {
    for (const { before, gathered } of this.buffers) tf.dispose(gathered ? [before, gathered] : before);
  }

  private assign(count: number): void {
    for (const { variable, gathered } of this.buffers) {
      if (!gathered) continue;
      if (isCounter(variable)) variable.assign(gathered);
      else tf.tidy(() => variable.assign(tf.div(gathered, count)));
    }
  }

  /** Adds what the last forward made of the buffers. */
  private gather(): void {
    const earlier = this.count - 1;
    for (const buffer of this.buffers) {
      const { variable, before, gathered } = buffer;
      const isWritten = variable.dataId !== before.dataId;
      if (isWritten) buffer.written = this.count;
      if (isCounter(variable) || earlier === 0) {
        if (!isWritten) continue;
        buffer.gathered = tf.clone<tf.Tensor>(variable);
      } else {
        if (!isWritten && !gathered) continue;
        // Those before that did not write it left it as it was.
        buffer.gathered = tf.tidy(() => tf.add(gathered ?? tf.mul(before, earlier), variable));
      }
      gathered?.dispose();
    }
  }
}

function isCounter({ dtype }: tf.Variable): boolean {
  return dtype !== 'float32';
}
