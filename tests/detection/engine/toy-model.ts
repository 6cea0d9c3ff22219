import * as tf from '@tensorflow/tfjs-core';
import { Model } from '../../../detection/modeling/examples/model';
import type { Losses } from '../../../detection/nn/trainable';
import { summary } from '../../../detection/events/summary';
import { RandomStream } from '../../../detection/nn/random';

export interface ToyBatch {
  readonly id: number;
  /** [8, 8, 3] */
  readonly pixels: Float32Array;
  readonly target: number;
}

/**
 * A convolution, a linear layer, a counter, and noise from a random stream: a little of all that a model has. The seed is
 * that of its weights; the noise is the same of all.
 */
export class ToyModel extends Model<ToyBatch, Float32Array, number> {
  readonly noise: RandomStream;
  private readonly kernel;
  private readonly linear;
  private readonly head;
  private readonly counter;

  constructor(seed = 1) {
    super();
    const random = new RandomStream(seed, 'initial');
    const normal = (shape: number[]) =>
      tf.tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.2 * random.normal()),
        shape,
      );
    this.kernel = this.parameter('conv.weight', normal([3, 3, 3, 4]), 'convolution');
    this.linear = this.parameter('fc.weight', normal([36, 2]), { channels: 4, height: 3, width: 3 });
    this.head = this.parameter('head.weight', normal([2, 1]), 'linear');
    this.counter = this.buffer('bn.num_batches_tracked', tf.scalar(0, 'int32'));
    this.noise = this.stream(new RandomStream(1, 'noise'));
  }

  /** [1, 1] */
  private forward(pixels: Float32Array): tf.Tensor2D {
    const x = tf.tensor4d(pixels, [1, 8, 8, 3]);
    const map = tf.relu(tf.conv2d(x, this.kernel.value as tf.Tensor4D, 2, 'valid'));
    const hidden = tf.tanh(tf.matMul(tf.reshape(map, [1, 36]), this.linear.value as tf.Tensor2D));
    return tf.matMul(hidden, this.head.value);
  }

  losses({ pixels, target }: ToyBatch): Losses {
    const noise = this.noise.normal();
    summary.scalar('toy/noise', noise);
    const count = this.counter.value.dataSync()[0];
    this.counter.variable.assign(tf.scalar(count + 1, 'int32'));
    const output = this.forward(pixels);
    return {
      loss_value: tf.mean(tf.square(tf.sub(output, target + 0.1 * noise))),
      loss_size: tf.mul(tf.mean(tf.square(output)), 0.01),
    };
  }

  predict(pixels: Float32Array): number {
    return tf.tidy(() => this.forward(pixels).dataSync()[0]);
  }
}

/** Batch number `id`, always the same. */
export function toyBatch(id: number): ToyBatch {
  const random = new RandomStream(id, 'batch');
  const pixels = Float32Array.from({ length: 192 }, () => random.uniform());
  return { id, pixels, target: pixels[0] > 0.5 ? 1 : -1 };
}

export function* toyBatches(from = 0): Generator<ToyBatch> {
  for (let id = from; ; id++) yield toyBatch(id);
}

/** Every parameter and buffer, bit for bit. */
export function valuesOf(model: ToyModel): Record<string, number[]> {
  return Object.fromEntries(
    [...model.stateDict()].map(([name, parameter]) => [name, Array.from(parameter.value.dataSync())]),
  );
}
