import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../nn/autograd';
import { hasKernel, runKernel } from '../nn/kernels';
import type { Losses, Trainable } from '../nn/trainable';
import { StepBuffers } from './step-buffers';

/** What the batches of a step gave: means over them, to which a batch that lacks a loss or a gradient adds 0. */
export interface StepMeans {
  readonly losses: Record<string, number>;
  /** By the names of the parameters. They belong to the step, as do those that replace them in this map. */
  readonly gradients: Map<string, tf.Tensor>;
  /** L2 norm of each gradient; not finite where an element is not. */
  readonly gradientNorms: Record<string, number>;
  /** The batches, as `describe` has them. */
  readonly batch: string | undefined;
}

/**
 * Forward and backward of the micro-batches that make up one optimizer step. Gradients are added up as they come, so
 * that several batches need the memory of one, and of one more set of gradients.
 */
export class TrainingStep<Batch> {
  private losses: Losses[] = [];
  private gradients = new Map<string, tf.Tensor>();
  private descriptions: string[] = [];
  private buffers: StepBuffers | undefined;

  constructor(
    private readonly model: Trainable<Batch>,
    private readonly describe?: (batch: Batch) => string,
  ) {}

  /** Batches so far. */
  get numBatches(): number {
    return this.losses.length;
  }

  /**
   * Forward and backward of one batch more.
   *
   * @param microBatch its number in the run, counted from 0. What the forward draws at random follows from it, from
   *   the seed and from the names of the streams, so it does not matter what was drawn before, and by which process.
   * @throws Error where the model has no loss for it.
   */
  add(batch: Batch, microBatch: number): void {
    const { model } = this;
    this.buffers ??= new StepBuffers(model);
    this.buffers.begin();
    for (const stream of model.randomStreams()) stream.seek(microBatch);
    if (this.describe) this.descriptions.push(this.describe(batch));
    const trained = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trained);
    this.losses.push(losses);
    if (Object.keys(losses).length === 0) throw new Error('the model returned no losses');
    for (const [name, gradient] of gradients) {
      const sum = this.gradients.get(name);
      this.gradients.set(name, sum ? tf.add(sum, gradient) : gradient);
      if (sum) tf.dispose([sum, gradient]);
    }
  }

  /** To be asked for once, when all batches have been added. */
  finish(): StepMeans {
    this.buffers?.finish();
    if (this.numBatches > 1) {
      for (const [name, sum] of this.gradients) {
        this.gradients.set(name, tf.div(sum, this.numBatches));
        sum.dispose();
      }
    }
    const batch = this.describe && this.descriptions.join('; ');
    return { ...this.read(), gradients: this.gradients, batch };
  }

  /** Makes the model forget the step: running statistics, in which a NaN would stay for ever. Its parameters are the optimizer's. */
  undo(): void {
    this.buffers?.undo();
  }

  /** Frees what the step holds; the next batch begins another. */
  clear(): void {
    tf.dispose([this.losses, [...this.gradients.values()]]);
    this.buffers?.dispose();
    this.losses = [];
    this.descriptions = [];
    this.gradients.clear();
    this.buffers = undefined;
  }

  /** All numbers in one read: on an accelerator each read waits for everything before it. */
  private read(): Pick<StepMeans, 'losses' | 'gradientNorms'> {
    const losses = this.losses.flatMap((ofBatch) => Object.entries(ofBatch));
    const gradients = [...this.gradients];
    const values = tf.tidy(() => {
      const halfSquares = gradients.map(([, gradient]) => halfSumOfSquares(gradient));
      return tf.stack([...losses.map(([, loss]) => loss), ...halfSquares]).dataSync();
    });
    const sums = new Map<string, number>();
    losses.forEach(([name], k) => sums.set(name, (sums.get(name) ?? 0) + values[k]));
    const halfSquares = values.subarray(losses.length);
    return {
      losses: Object.fromEntries([...sums].map(([name, sum]) => [name, sum / this.numBatches])),
      gradientNorms: Object.fromEntries(gradients.map(([name], k) => [name, Math.sqrt(2 * halfSquares[k])])),
    };
  }
}

/** A scalar. TensorFlow's own operation makes no copy of the gradient's size. */
function halfSumOfSquares(x: tf.Tensor): tf.Tensor {
  return hasKernel('L2Loss') ? runKernel('L2Loss', { x }) : tf.mul(tf.sum(tf.square(x)), 0.5);
}
