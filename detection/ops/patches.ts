import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../nn/kernels';
import { noGradient, recordOperation, type InputGradient } from '../nn/tfjs-internals';

/** Pixels of the maps of a pyramid. */
export interface Pixels {
  /** [P], the map that each lies in. */
  readonly levels: Int32Array;
  /** [P], (image * height + y) * width + x in its map. */
  readonly positions: Int32Array;
}

/** Squares cut out of maps, around some pixels each. */
export interface Patches {
  /** [P, side, side, C] */
  readonly patches: tf.Tensor4D;
  /** [P, side, side, 1], 1 on the map, 0 outside. */
  readonly inside: tf.Tensor4D;
}

type Shape4D = tf.Tensor4D['shape'];

/** Patches of one map, pixel by pixel. */
interface LevelPatches {
  /** Rows of the result that come from this map. */
  readonly rows: Int32Array;
  /** [rows * side * side], positions in the map; -1 outside of it. */
  readonly positions: Int32Array;
}

/**
 * Cuts the square of `side` pixels around each of some pixels out of their maps, with zeros where it leaves the map.
 * One node of the tape, which saves only where they are. Patches may overlap: their gradients add up.
 *
 * @param features [N, H, W, C] of each level.
 * @param side odd.
 * @returns `patches` [P, side, side, C] in the order of `pixels`, and `inside` [P, side, side, 1]: 1 on the map, 0
 *   outside. The caller disposes.
 */
export function gatherPatches(features: readonly tf.Tensor4D[], pixels: Pixels, side: number): Patches {
  const count = pixels.levels.length;
  const channels = features[0].shape[3];
  const levels = features.map((feature, level) => patchesOf(feature.shape, pixels, level, side));
  const used = levels.map((_, level) => level).filter((level) => levels[level].rows.length > 0);
  // Cut level by level; `place` says where each patch is among those.
  const place = new Int32Array(count);
  used.flatMap((level) => [...levels[level].rows]).forEach((row, i) => (place[row] = i));
  const inside = insideOf(levels, count, side);
  const patches = noGradient(() =>
    tf.tidy(() => {
      const cut = used.map((level) => {
        const { rows, positions } = levels[level];
        const flat = tf.reshape(features[level], [-1, channels]);
        const clamped = tf.tensor1d(
          positions.map((p) => Math.max(p, 0)),
          'int32',
        );
        return tf.reshape(tf.gather(flat, clamped), [rows.length, side, side, channels]);
      });
      return tf.mul<tf.Tensor4D>(tf.gather(tf.concat(cut), tf.tensor1d(place, 'int32')), inside);
    }),
  );
  const shapes = features.map(({ shape }) => shape);
  // Of maps without a pixel too, whose gradient is zero: a layer below them still decays and keeps its momentum.
  const inputs = Object.fromEntries(features.map((feature, level) => [`feature${level}`, feature]));
  recordOperation('Patches', inputs, patches, [], (dy) =>
    Object.fromEntries(
      levels.map((patches, level) => [
        `feature${level}`,
        gradientOfLevel(dy as tf.Tensor4D, patches, shapes[level]),
      ]),
    ),
  );
  return { patches, inside };
}

/** Nearly all of it is zero: a sum with another gradient needs no map of its own. */
function gradientOfLevel(dy: tf.Tensor4D, { rows, positions }: LevelPatches, shape: Shape4D): InputGradient {
  const [batch, height, width, channels] = shape;
  const numPixels = batch * height * width;
  const area = positions.length / rows.length;
  const pixelsInside = [...positions.keys()].filter((i) => positions[i] >= 0);
  const sources = Int32Array.from(pixelsInside, (i) => rows[Math.floor(i / area)] * area + (i % area));
  const targets = Int32Array.from(pixelsInside, (i) => positions[i]);
  const updates = (): tf.Tensor => tf.gather(tf.reshape(dy, [-1, channels]), tf.tensor1d(sources, 'int32'));
  const dense = (): tf.Tensor => {
    if (targets.length === 0) return tf.zeros(shape);
    const inputs = { x: updates(), segmentIds: tf.tensor1d(targets, 'int32') };
    return tf.reshape(runKernel('UnsortedSegmentSum', inputs, { numSegments: numPixels }), shape);
  };
  const addedTo = (previous: tf.Tensor): tf.Tensor => {
    if (targets.length === 0) return tf.clone(previous);
    const tensor = tf.reshape(previous, [numPixels, channels]);
    const indices = tf.tensor2d(targets, [targets.length, 1], 'int32');
    return tf.reshape(runKernel('TensorScatterAdd', { tensor, indices, updates: updates() }), shape);
  };
  return Object.assign(dense, { addedTo });
}

function insideOf(levels: readonly LevelPatches[], count: number, side: number): tf.Tensor4D {
  const area = side ** 2;
  const flags = new Float32Array(count * area);
  for (const { rows, positions } of levels) {
    rows.forEach((row, i) => {
      for (let k = 0; k < area; k++) flags[row * area + k] = positions[i * area + k] < 0 ? 0 : 1;
    });
  }
  return tf.tensor4d(flags, [count, side, side, 1]);
}

function patchesOf(
  [, height, width]: readonly number[],
  pixels: Pixels,
  level: number,
  side: number,
): LevelPatches {
  const rows = Int32Array.from([...pixels.levels.keys()].filter((row) => pixels.levels[row] === level));
  const positions = new Int32Array(rows.length * side ** 2);
  const radius = (side - 1) / 2;
  let i = 0;
  for (const row of rows) {
    const center = pixels.positions[row];
    const x = center % width;
    const y = Math.floor(center / width) % height;
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        positions[i++] = isInside ? center + dy * width + dx : -1;
      }
    }
  }
  return { rows, positions };
}
