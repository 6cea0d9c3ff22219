import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import { trainingPlans } from '../../../datasets/loader/batch-plan';
import { cocoExamples } from '../../../datasets/loader/examples';
import { TrainingLoader } from '../../../datasets/loader/training-loader';
import type { TrainingLoaderOptions } from '../../../datasets/loader/training-loader';
import { changeColors } from '../../../datasets/transforms/photometric';
import { loadBackend } from '../../../detection/backend/node';
import { RandomStream } from '../../../detection/nn/random';
import { batchImages } from '../../../detection/structures/image-batch';
import { batchSlot, resizeAndNormalize } from '../../../detection/structures/resize';

const all: TrainingLoaderOptions = {
  batchSize: 2,
  minSizes: [48],
  maxSize: 80,
  photometricDistortion: 0.5,
  scaleJitter: { range: [0.3, 2], side: 64 },
  aspectRatioGrouping: true,
  repeatThreshold: 0.5,
  seed: 6,
};

let folder: string;
let dataset: CocoDataset;

beforeAll(async () => {
  await loadBackend();
  folder = await mkdtemp(join(tmpdir(), 'augmentation-'));
  const images = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const image = { id: 100 + i, fileName: `${i}.png`, width: 80 - 12 * i, height: 40 + 7 * i };
      const random = new RandomStream(1, image.fileName);
      const pixels = Uint8Array.from({ length: image.width * image.height * 3 }, () => random.integer(256));
      await sharp(pixels, { raw: { width: image.width, height: image.height, channels: 3 } }).toFile(
        join(folder, image.fileName),
      );
      return image;
    }),
  );
  const annotations = images.map(({ id }) => {
    return {
      id,
      imageId: id,
      categoryId: id === 104 ? 8 : 7,
      bbox: [3, 4, 17, 21] as const,
      area: 357,
      isCrowd: false,
    };
  });
  const categories = [
    { id: 7, name: 'noise' },
    { id: 8, name: 'rare noise' },
  ];
  dataset = new CocoDataset('train.json', folder, images, categories, annotations, []);
});
afterAll(() => rm(folder, { recursive: true }));

interface Pixels {
  readonly pixels: number[];
  readonly sizes: object;
  readonly rest: object;
}

async function take(options: TrainingLoaderOptions, count: number): Promise<Pixels[]> {
  const { numTensors } = tf.memory();
  const batches: Pixels[] = [];
  for await (const { images, ...rest } of new TrainingLoader(dataset, options)) {
    batches.push({ pixels: [...images.tensor.dataSync()], sizes: images.sizes, rest });
    if (batches.length === count) break;
  }
  expect(tf.memory().numTensors).toBe(numTensors);
  return batches;
}

test('the same batches with any number of workers, and after a resume', async () => {
  const batches = await take(all, 8);
  expect(await take({ ...all, workers: 2, prefetch: 7, startIteration: 3 }, 5)).toEqual(batches.slice(3));
});

/** Plans of batches of one picture, and the pictures as stored. */
async function planned(options: TrainingLoaderOptions, count: number) {
  const plans = trainingPlans(cocoExamples(dataset), options, 0);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const [picture] = plans.next().value.job.pictures;
      const stored = await sharp(picture.file).removeAlpha().raw().toBuffer();
      return { picture, stored };
    }),
  );
}

test('pixels are those of the picture in its changed colours', async () => {
  const options = {
    batchSize: 1,
    minSizes: [48],
    maxSize: 80,
    seed: 0,
    flipProbability: 0,
    photometricDistortion: 0.9,
  };
  const batches = await take(options, 6);
  for (const [i, { picture, stored }] of (await planned(options, 6)).entries()) {
    expect(picture.colorChanges!.length).toBeGreaterThan(0);
    changeColors(stored, picture.colorChanges!);
    const expected = batchImages([{ pixels: stored, size: picture.size }], { minSize: 48, maxSize: 80 });
    expect(batches[i].pixels).toEqual([...expected.tensor.dataSync()]);
    expected.tensor.dispose();
  }
});

test('pixels are those of a window of the resized picture, and zeros beyond it', async () => {
  const side = 64;
  const options = { ...all, batchSize: 1, flipProbability: 0, photometricDistortion: 0 };
  const batches = await take(options, 12);
  let [beyond, cut] = [0, 0];
  for (const [i, { picture, stored }] of (await planned(options, 12)).entries()) {
    const { size, resized, window } = picture;
    const whole = { height: resized.height + side, width: resized.width + side };
    const values = new Float32Array(whole.height * whole.width * 3);
    resizeAndNormalize({ pixels: stored, size }, resized, batchSlot(values, whole, 0));
    const expected = Array.from({ length: side }, (_, y) => {
      const start = ((window!.top + y) * whole.width + window!.left) * 3;
      return [...values.subarray(start, start + side * 3)];
    }).flat();
    expect(batches[i].sizes).toEqual([{ height: side, width: side }]);
    expect(batches[i].pixels).toEqual(expected);
    if (resized.width < side) beyond++;
    if (window!.left > 0 || window!.top > 0) cut++;
  }
  expect(Math.min(beyond, cut)).toBeGreaterThan(2);
});
