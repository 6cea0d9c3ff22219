import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../../detection/nn/random';
import type { Targets } from '../../detection/structures/instances';

/** A picture with objects in it, as the benchmark of the peer draws them: color fields, rectangles, noise. */
export interface BenchmarkPicture {
  /** [size, size, 3] in 0..1. The caller disposes. */
  readonly pixels: tf.Tensor3D;
  readonly targets: Targets;
}

/** Sides of an object as shares of the picture's. */
const SMALLEST_SIDE = 0.06;
const LARGEST_SIDE = 0.6;
const NOISE = 0.05;

export function drawPicture(
  size: number,
  { boxes, numClasses, seed }: { boxes: number; numClasses: number; seed: number },
): BenchmarkPicture {
  const random = new RandomStream(seed, 'benchmark-picture');
  const coarse = Float32Array.from({ length: 6 * 8 * 3 }, () => random.uniform());
  const fields = tf.tidy(() => tf.image.resizeBilinear(tf.tensor3d(coarse, [6, 8, 3]), [size, size]));
  const pixels = fields.dataSync<'float32'>().slice();
  fields.dispose();
  const gtBoxes = new Float32Array(4 * boxes);
  for (let box = 0; box < boxes; box++) {
    const [width, height] = [0, 1].map(
      () => size * Math.exp(random.between(Math.log(SMALLEST_SIDE), Math.log(LARGEST_SIDE))),
    );
    const [x, y] = [random.between(0, size - width), random.between(0, size - height)];
    gtBoxes.set([x, y, x + width, y + height], 4 * box);
    const color = [random.uniform(), random.uniform(), random.uniform()];
    for (let row = Math.floor(y); row < y + height; row++) {
      for (let column = Math.floor(x); column < x + width; column++) {
        pixels.set(color, 3 * (row * size + column));
      }
    }
  }
  for (let i = 0; i < pixels.length; i++) pixels[i] += NOISE * random.between(-1, 1);
  const gtLabels = Int32Array.from({ length: boxes }, () => 1 + random.integer(numClasses));
  return { pixels: tf.tensor3d(pixels, [size, size, 3]), targets: { boxes: gtBoxes, labels: gtLabels } };
}
