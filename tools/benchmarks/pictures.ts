import * as tf from '@tensorflow/tfjs-core';
import { RandomStream } from '../../detection/nn/random';
import type { Targets } from '../../detection/structures/instances';
import { cocoPersonKeypoints } from '../../detection/structures/keypoint-layout';
import type { Mask } from '../../detection/structures/mask';

/** A picture with objects in it, as the benchmark of the peer draws them: color fields, rectangles, noise. */
export interface BenchmarkPicture {
  /** [size, size, 3] in 0..1. The caller disposes. */
  readonly pixels: tf.Tensor3D;
  /** Each object has the ellipse in its box as its mask, and COCO's keypoints of a person anywhere in the box. */
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
  const corners = Array.from({ length: boxes }, (_, box) => [...gtBoxes.subarray(4 * box, 4 * box + 4)]);
  const places = new RandomStream(seed, 'benchmark-keypoints');
  const keypoints = corners.flatMap(([x1, y1, x2, y2]) =>
    cocoPersonKeypoints.names.flatMap(() => [places.between(x1, x2), places.between(y1, y2), 1]),
  );
  return {
    pixels: tf.tensor3d(pixels, [size, size, 3]),
    targets: {
      boxes: gtBoxes,
      labels: gtLabels,
      masks: corners.map((box) => ellipse(size, box)),
      keypoints: Float32Array.from(keypoints),
    },
  };
}

/** The pixels of a picture whose centers lie in the ellipse that fills a box. */
function ellipse(size: number, [x1, y1, x2, y2]: readonly number[]): Mask {
  const counts: number[] = [];
  let end = 0;
  for (let column = 0; column < size; column++) {
    const across = (column + 0.5 - (x1 + x2) / 2) / (x2 - x1);
    if (Math.abs(across) >= 0.5) continue;
    const half = Math.sqrt(0.25 - across ** 2) * (y2 - y1);
    const first = Math.max(Math.ceil((y1 + y2) / 2 - half - 0.5), 0);
    const last = Math.min(Math.floor((y1 + y2) / 2 + half - 0.5), size - 1);
    if (last < first) continue;
    counts.push(column * size + first - end, last - first + 1);
    end = column * size + last + 1;
  }
  counts.push(size * size - end);
  return { size: { height: size, width: size }, counts: Uint32Array.from(counts) };
}
