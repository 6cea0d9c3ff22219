import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../nn/autograd';
import { hasKernel, runKernel } from '../nn/kernels';
import type { Parameter } from '../nn/module';
import type { Losses, Trainable } from '../nn/trainable';
import { ALONE, gather, type Replicas } from './replicas';
import { StepBuffers } from './step-buffers';
import { inTurn, meanLosses, messageOf, sharesIn, type Leaving, type StepMessage } from './step-share';
import { sumTensors } from './sum-tensors';

/** What the batches of a step gave: means over them, to which a batch that lacks a loss or a gradient adds 0. */
export interface StepMeans {
  readonly losses: Record<string, number>;
  /** By the names of the parameters. They belong to the step, as do those that replace them in this map. */
  readonly gradients: Map<string, tf.Tensor>;
  /** L2 norm of each gradient; not finite where an element is not. */
  readonly gradientNorms: Record<string, number>;
  /** The batches, as `describe` has them. */
  readonly batch: string | undefined;
  /** Scalars that the model has put in the step, of all replicas; where there is one alone, its storage has them. */
  readonly scalars: Readonly<Record<string, number>>;
}

/**
 * Forward and backward of the micro-batches that make up one optimizer step. Gradients are added up as they come, so
 * that several batches need the memory of one, and of one more set of gradients. Several replicas have as many micro-batches
 * each, which are dealt out in turn.
 */
export class TrainingStep<Batch> {
  private losses: Losses[] = [];
  private gradients = new Map<string, tf.Tensor>();
  private descriptions: string[] = [];
  private buffers: StepBuffers | undefined;

  constructor(
    private readonly model: Trainable<Batch>,
    private readonly describe?: (batch: Batch) => string,
    private readonly replicas: Replicas = ALONE,
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
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), this.trained());
    this.losses.push(losses);
    if (Object.keys(losses).length === 0) throw new Error('the model returned no losses');
    for (const [name, gradient] of gradients) {
      const sum = this.gradients.get(name);
      this.gradients.set(name, sum ? tf.add(sum, gradient) : gradient);
      if (sum) tf.dispose([sum, gradient]);
    }
  }

  /**
   * To be asked for once, when all batches have been added.
   *
   * @param scalars what the model has put in this step.
   * @returns the means; or how another replica leaves, which has no batches for this step: nobody does it then.
   * @throws ReplicaLostError
   */
  async finish(scalars: Readonly<Record<string, number>>): Promise<StepMeans | Leaving> {
    return this.replicas.size === 1 ? this.finishAlone(scalars) : this.finishShare(scalars);
  }

  /**
   * Instead of `finish`, where there are no batches for the step: the others learn it at the end of theirs.
   *
   * @returns how all leave.
   * @throws ReplicaLostError
   */
  async leave(own: Leaving): Promise<Leaving> {
    const leaving = sharesIn(await gather<StepMessage>(this.replicas, own));
    return 'leaves' in leaving ? leaving : own;
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

  private finishAlone(scalars: StepMeans['scalars']): StepMeans {
    this.buffers?.finish();
    this.divideGradients(this.numBatches);
    const { losses, gradientNorms } = this.read(this.gradients);
    return { ...this.means(losses, this.descriptions), gradientNorms, scalars };
  }

  private async finishShare(scalars: StepMeans['scalars']): Promise<StepMeans | Leaving> {
    const { replicas, descriptions } = this;
    const trained = this.trained();
    const own = messageOf({
      losses: this.read(new Map()).losses,
      lacking: trained.flatMap(([name], k) => (this.gradients.has(name) ? [] : [k])),
      written: this.buffers?.finishShare() ?? [],
      descriptions,
      scalars,
    });
    const shares = sharesIn(await gather<StepMessage>(replicas, own));
    if ('leaves' in shares) return shares;
    const isLacking = (k: number): boolean => shares.every(({ lacking }) => lacking.includes(k));
    this.gradients = new Map(
      trained.flatMap(([name, { value }], k): [string, tf.Tensor][] =>
        isLacking(k) ? [] : [[name, this.gradients.get(name) ?? tf.zerosLike(value)]],
      ),
    );
    await sumTensors(replicas, this.gradients);
    await this.buffers?.join(
      replicas,
      shares.map(({ written }) => written),
    );
    this.divideGradients(this.numBatches * replicas.size);
    return {
      ...this.means(
        inTurn(shares.map(({ losses }) => losses)),
        inTurn(shares.map((share) => share.descriptions)),
      ),
      gradientNorms: this.read(this.gradients).gradientNorms,
      scalars: Object.assign({}, ...shares.map((share) => share.scalars)) as StepMeans['scalars'],
    };
  }

  private means(
    losses: Parameters<typeof meanLosses>[0],
    descriptions: readonly string[],
  ): Pick<StepMeans, 'losses' | 'gradients' | 'batch'> {
    const batch = this.describe && descriptions.join('; ');
    return { losses: meanLosses(losses), gradients: this.gradients, batch };
  }

  private divideGradients(count: number): void {
    if (count === 1) return;
    for (const [name, sum] of this.gradients) {
      this.gradients.set(name, tf.div(sum, count));
      sum.dispose();
    }
  }

  private trained(): [string, Parameter][] {
    return [...this.model.namedParameters()].filter(([, { trainable }]) => trainable);
  }

  /** All numbers in one read, losses by micro-batch: on an accelerator each read waits for everything before it. */
  private read(gradients: ReadonlyMap<string, tf.Tensor>): {
    losses: [string, number][][];
    gradientNorms: Record<string, number>;
  } {
    const losses = this.losses.map((ofBatch) => Object.entries(ofBatch));
    const values = tf.tidy(() => {
      const halfSquares = [...gradients.values()].map(halfSumOfSquares);
      return tf.stack([...losses.flat().map(([, loss]) => loss), ...halfSquares]).dataSync();
    });
    let read = 0;
    return {
      losses: losses.map((ofBatch) => ofBatch.map(([name]): [string, number] => [name, values[read++]])),
      gradientNorms: Object.fromEntries(
        [...gradients.keys()].map((name) => [name, Math.sqrt(2 * values[read++])]),
      ),
    };
  }
}

/** A scalar. TensorFlow's own operation makes no copy of the gradient's size. */
function halfSumOfSquares(x: tf.Tensor): tf.Tensor {
  return hasKernel('L2Loss') ? runKernel('L2Loss', { x }) : tf.mul(tf.sum(tf.square(x)), 0.5);
}
