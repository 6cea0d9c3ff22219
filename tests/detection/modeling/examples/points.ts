import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import type { Trainable } from '../../../../detection/engine/trainable';
import type { LabelledPoints } from '../../../../detection/modeling/examples/classifier';
import type { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';

/** Points of the square from -1 to 1, flat: x, y of each. */
export function randomPoints(count: number, random: RandomStream): Float32Array {
  return Float32Array.from({ length: 2 * count }, () => random.between(-1, 1));
}

/** Three noisy rays from the origin, of equal share: the class is the ray. */
export function rays(count: number, seed: number): LabelledPoints {
  const random = new RandomStream(seed, 'rays');
  const targets = Int32Array.from({ length: count }, (_, i) => i % 3);
  const points = new Float32Array(2 * count);
  targets.forEach((ray, i) => {
    const angle = (2 * Math.PI * ray) / 3 + 0.3 * random.normal();
    const radius = random.between(0.2, 1);
    points[2 * i] = radius * Math.cos(angle);
    points[2 * i + 1] = radius * Math.sin(angle);
  });
  return { inputs: tf.tensor2d(points, [count, 2]), targets };
}

/** Share of predictions that are right. */
export function accuracy(predicted: Int32Array, expected: Int32Array): number {
  return predicted.filter((label, i) => label === expected[i]).length / expected.length;
}

/** Each item in turn, again and again. */
export function* forever<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}

/** Trains with SGD, momentum 0.9. Returns the losses of the last step. */
export async function trainWithSgd<Batch>(
  data: Iterable<Batch>,
  model: Trainable<Batch>,
  { iterations, learningRate }: { iterations: number; learningRate: number },
): Promise<Readonly<Record<string, number>>> {
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  try {
    const options = { optimizer, learningRate: constant(learningRate), iterations };
    return (await train(data, model, options)).losses;
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
