import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { batchImages, makeImageBatch } from '../../../detection/structures/image-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { RgbImage } from '../../../detection/structures/resize';
import { flipBoxes, scaleBoxes } from '../../../detection/structures/boxes';
import { describeShared, sharedPath } from '../../shared';

/** The picture of the golden README: img[c][y][x] by formula. */
function goldenImage(height: number, width: number, phase: number): RgbImage {
  const pixels = new Float32Array(height * width * 3);
  let i = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        const wave = 0.25 * Math.sin(0.11 * x + 0.07 * y * (c + 1) + phase);
        pixels[i++] = 0.5 + wave + 0.25 * Math.cos(0.23 * y - 0.05 * x * (c + 1));
      }
    }
  }
  return { pixels, size: { height, width } };
}

beforeAll(async () => {
  await loadBackend();
});

describeShared('the transform of the tiny Faster R-CNN', () => {
  interface Sample {
    n: number;
    c: number;
    y: number;
    x: number;
    v: number;
  }
  interface Expected {
    batch: { shape: number[]; sum: number; abs_sum: number; sq_sum: number; first8: number[] };
    image_sizes: [number, number][];
  }
  interface Golden {
    targets: { boxes: number[][] }[];
    transform: Expected & { boxes: number[][][]; pixel_samples: Sample[] };
    transform_padded: Expected & { samples: Sample[] };
  }
  const golden = JSON.parse(readFileSync(sharedPath('golden/golden_tiny_frcnn.json'), 'utf8')) as Golden;

  test.each([
    [
      'one size',
      [goldenImage(60, 80, 0), goldenImage(60, 80, 1)],
      golden.transform,
      golden.transform.pixel_samples,
    ],
    [
      'padded',
      [goldenImage(60, 80, 0), goldenImage(72, 64, 1)],
      golden.transform_padded,
      golden.transform_padded.samples,
    ],
  ])('%s', (_, images, expected, samples) => {
    const before = tf.memory().numTensors;
    const batch = batchImages(images, torchvisionInput({ minSize: 96, maxSize: 160 }));
    const [n, channels, height, width] = expected.batch.shape;
    expect(batch.tensor.shape).toEqual([n, height, width, channels]);
    expect(batch.sizes.map((size) => [size.height, size.width])).toEqual(expected.image_sizes);
    expect(batch.originalSizes).toEqual(images.map((image) => image.size));

    const values = batch.tensor.dataSync<'float32'>();
    for (const { n, c, y, x, v } of samples) {
      expect(Math.abs(values[((n * height + y) * width + x) * 3 + c] - v)).toBeLessThanOrEqual(1e-6);
    }
    expected.batch.first8.forEach((v, x) => expect(Math.abs(values[x * 3] - v)).toBeLessThanOrEqual(1e-6));
    const total = (term: (value: number) => number): number =>
      values.reduce((sum, value) => sum + term(value), 0);
    expect(total((v) => v) / expected.batch.sum).toBeCloseTo(1, 6);
    expect(total(Math.abs) / expected.batch.abs_sum).toBeCloseTo(1, 6);
    expect(total((v) => v * v) / expected.batch.sq_sum).toBeCloseTo(1, 6);

    batch.tensor.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('boxes scale as torchvision scales them, to the bit', () => {
    golden.targets.forEach(({ boxes }, i) => {
      const scaled = scaleBoxes(
        Float32Array.from(boxes.flat()),
        { height: 60, width: 80 },
        { height: 96, width: 128 },
      );
      expect([...scaled]).toEqual(golden.transform.boxes[i].flat());
    });
  });
});

test('mirroring boxes keeps their order of corners', () => {
  const boxes = Float32Array.of(10, 20, 30, 40, 0, 0, 100, 50);
  const flipped = flipBoxes(boxes, 100);
  expect([...flipped]).toEqual([70, 20, 90, 40, 0, 0, 100, 50]);
  expect(flipBoxes(flipped, 100)).toEqual(boxes);
});

test('an empty batch is refused', () => {
  expect(() => batchImages([], torchvisionInput({ minSize: 8, maxSize: 8 }))).toThrow(RangeError);
});

test('a batch is a copy of the pixels that it is made of', () => {
  const numTensors = tf.memory().numTensors;
  // Memory of WebAssembly lies as TensorFlow wants it: it is the kind that it would use as it is.
  const memory = new WebAssembly.Memory({ initial: 1 });
  const pixels = new Float32Array(memory.buffer, 0, 32 * 32 * 3).fill(1);
  const size = { height: 32, width: 32 };
  const { tensor } = makeImageBatch(pixels, size, [size], [size]);
  pixels.fill(2);
  expect(tensor.dataSync()).toEqual(new Float32Array(pixels.length).fill(1));
  tensor.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});
