import * as tf from '@tensorflow/tfjs-core';
import type { Trainable } from '../nn/trainable';

interface StepBuffer {
  readonly variable: tf.Variable;
  /** As it was before the step; shares memory with the variable until a forward writes that. */
  readonly before: tf.Tensor;
  /** Sum over the micro-batches so far, of a counter the last value; undefined while none has written it. */
  gathered: tf.Tensor | undefined;
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
      return { variable, before: tf.clone<tf.Tensor>(variable), gathered: undefined };
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
    for (const { variable, gathered } of this.buffers) {
      if (!gathered) continue;
      if (isCounter(variable)) variable.assign(gathered);
      else tf.tidy(() => variable.assign(tf.div(gathered, this.count)));
    }
  }

  /** Gives the model the buffers of before the step. */
  undo(): void {
    for (const { variable, before } of this.buffers) variable.assign(before);
  }

  dispose(): void {
    for (const { before, gathered } of this.buffers) tf.dispose(gathered ? [before, gathered] : before);
  }

  /** Adds what the last forward made of the buffers. */
  private gather(): void {
    const earlier = this.count - 1;
    for (const buffer of this.buffers) {
      const { variable, before, gathered } = buffer;
      const isWritten = variable.dataId !== before.dataId;
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
