import * as tf from '@tensorflow/tfjs-core';
import type { LabeledPoints } from '../../../../detection/modeling/examples/classifier';
import { RandomStream } from '../../../../detection/nn/random';

/** Points of the square from -1 to 1, flat: x, y of each. */
export function randomPoints(count: number, random: RandomStream): Float32Array {
  return Float32Array.from({ length: 2 * count }, () => random.between(-1, 1));
}

/** Three noisy rays from the origin, of equal share: the class is the ray. */
export function rays(count: number, seed: number): LabeledPoints {
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
