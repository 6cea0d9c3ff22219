import * as tf from '@tensorflow/tfjs-core';
import { AdamW } from '../../../../detection/engine/adamw';
import type { Optimizer } from '../../../../detection/engine/optimizer';
import { constant, type Schedule } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import type { Losses, Trainable } from '../../../../detection/nn/trainable';
import type { Parameter } from '../../../../detection/nn/module';

/** Each item in turn, again and again. */
export function* forever<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}

/** Returns the losses of the last step. */
export async function trainWithSgd<Batch>(
  data: Iterable<Batch>,
  model: Trainable<Batch>,
  { iterations, learningRate }: { iterations: number; learningRate: number },
): Promise<Readonly<Record<string, number>>> {
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  return trainWith(optimizer, data, model, { iterations, learningRate: constant(learningRate) });
}

/** As trainWithSgd, for losses whose gradients are of different sizes. */
export async function trainWithAdam<Batch>(
  data: Iterable<Batch>,
  model: Trainable<Batch>,
  { iterations, learningRate }: { iterations: number; learningRate: number },
): Promise<Readonly<Record<string, number>>> {
  const optimizer = new AdamW(model.namedParameters(), { weightDecay: 0 });
  return trainWith(optimizer, data, model, { iterations, learningRate: constant(learningRate) });
}

async function trainWith<Batch>(
  optimizer: Optimizer,
  data: Iterable<Batch>,
  model: Trainable<Batch>,
  options: { iterations: number; learningRate: Schedule },
): Promise<Readonly<Record<string, number>>> {
  try {
    return (await train(data, model, { ...options, optimizer })).losses;
  } finally {
    optimizer.dispose();
  }
}

/** Every parameter, bit for bit. */
export function valuesOf(model: {
  namedParameters(): Iterable<[string, Parameter]>;
}): Record<string, number[]> {
  return Object.fromEntries(
    [...model.namedParameters()].map(([name, { value }]) => [name, Array.from(value.dataSync())]),
  );
}

/** `losses` outside of a training step is a validation loss: it makes scalars, and leaves nothing else behind. */
export function expectScalarsOnly(losses: () => Losses): void {
  const before = tf.memory().numTensors;
  const scalars = Object.values(losses());
  expect(tf.memory().numTensors).toBe(before + scalars.length);
  expect(scalars.map(({ rank }) => rank)).toEqual(scalars.map(() => 0));
  tf.dispose(scalars);
}
