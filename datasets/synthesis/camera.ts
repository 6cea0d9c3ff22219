import { RandomStream } from '../../detection/nn/random';
import type { Canvas } from './background';
import { CAMERA, SCENE } from './defaults';

/** A prime, so that rows of common widths never meet the table in step. */
const NOISE_TABLE_LENGTH = 65_537;

/**
 * Standard normal numbers, drawn once: a draw for each channel of each pixel would take longer than all the rest.
 * Each row of each picture reads the table from a place of its own.
 */
export function makeNoiseTable(seed: number): Float32Array {
  const stream = new RandomStream(seed, 'synthesis/noise');
  return Float32Array.from({ length: NOISE_TABLE_LENGTH }, () => stream.normal());
}

/**
 * What a camera does to the scene: tint of the light, slight blur, noise of the sensor. Returns [size * size * 3].
 *
 * @param detail the size of a scene that is blurred as much, pixels
 */
export function photograph(
  stream: RandomStream,
  { size, rgb }: Canvas,
  noiseTable: Float32Array,
  detail: number,
): Uint8Array {
  const gains = Array.from({ length: 3 }, () => stream.between(...CAMERA.gain));
  const blurred = blur(rgb, size, (stream.between(...CAMERA.blur) * detail) / SCENE.referenceSize);
  const noise = stream.between(...CAMERA.noise);
  const picture = new Uint8ClampedArray(rgb.length);
  for (let y = 0, at = 0; y < size; y++) {
    let place = stream.integer(noiseTable.length);
    for (let i = 0; i < size * 3; i++, at++) {
      picture[at] = blurred[at] * gains[i % 3] + noise * noiseTable[place];
      if (++place === noiseTable.length) place = 0;
    }
  }
  return new Uint8Array(picture.buffer);
}

/** Separable Gaussian blur; the border is repeated outwards. */
function blur(rgb: Float32Array, size: number, sigma: number): Float32Array {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  const kernel = weights.map((weight) => weight / sum);
  return blurAlong(blurAlong(rgb, size, kernel, 3, 3 * size), size, kernel, 3 * size, 3);
}

/** Convolves along one axis: `step` is the distance of its neighbors in the array, `stride` that of its lines. */
function blurAlong(
  rgb: Float32Array,
  size: number,
  kernel: Float64Array,
  step: number,
  stride: number,
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const out = new Float32Array(rgb.length);
  for (let line = 0; line < size; line++) {
    for (let i = 0; i < size; i++) {
      const to = line * stride + i * step;
      for (let k = -radius; k <= radius; k++) {
        const from = line * stride + Math.min(Math.max(i + k, 0), size - 1) * step;
        const weight = kernel[k + radius];
        out[to] += weight * rgb[from];
        out[to + 1] += weight * rgb[from + 1];
        out[to + 2] += weight * rgb[from + 2];
      }
    }
  }
  return out;
}
