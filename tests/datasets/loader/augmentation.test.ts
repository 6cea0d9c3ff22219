import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import type { PictureJob } from '../../../datasets/loader/batch-job';
import { trainingPlans } from '../../../datasets/loader/batch-plan';
import { cocoExamples } from '../../../datasets/examples';
import { TrainingLoader } from '../../../datasets/loader/training-loader';
import type { TrainingLoaderOptions } from '../../../datasets/loader/training-loader';
import { changeColors } from '../../../datasets/transforms/photometric';
import { loadBackend } from '../../../detection/backend/node';
import { RandomStream } from '../../../detection/nn/random';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { batchSlot, resizeAndNormalize } from '../../../detection/structures/resize';

const SIDE = 64;
const SQUARE = { height: SIDE, width: SIDE };
const input = torchvisionInput({ minSize: 48, maxSize: 80 });
const all: TrainingLoaderOptions = {
  input,
  batchSize: 2,
  photometricDistortion: 0.5,
  scaleJitter: { range: [0.3, 2], side: SIDE },
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
  for await (const { images, ...rest } of new TrainingLoader(cocoExamples(dataset), options)) {
    batches.push({ pixels: [...images.tensor.dataSync()], sizes: images.sizes, rest });
    if (batches.length === count) break;
  }
  expect(tf.memory().numTensors).toBe(numTensors);
  return batches;
}

/** The pixels of one picture of a batch: its colors are changed, it is mirrored and resized as a whole, then cut. */
async function expectedPixels({
  file,
  size,
  colorChanges,
  resized,
  window,
  flip,
}: PictureJob): Promise<number[]> {
  const pixels = await sharp(file).removeAlpha().raw().toBuffer();
  changeColors(pixels, colorChanges!);
  const whole = { height: resized.height + SIDE, width: resized.width + SIDE };
  const values = new Float32Array(whole.height * whole.width * 3);
  resizeAndNormalize({ pixels, size }, resized, batchSlot(values, whole, 0), { ...input, flip });
  return Array.from({ length: SIDE }, (_, y) => {
    const start = ((window!.top + y) * whole.width + window!.left) * 3;
    return [...values.subarray(start, start + SIDE * 3)];
  }).flat();
}

test('batches are as planned to the last pixel, with any number of workers, and after a resume', async () => {
  const batches = await take(all, 10);
  expect(await take({ ...all, workers: 2, prefetch: 7, startIteration: 5 }, 5)).toEqual(batches.slice(5));

  const plans = trainingPlans(cocoExamples(dataset), all, 0);
  let [beyond, cut, colored] = [0, 0, 0];
  for (const { pixels, sizes, rest } of batches) {
    const { job, targets } = plans.next().value;
    expect(rest).toEqual({ targets, imageIds: job.pictures.map(({ imageId }) => imageId) });
    expect(sizes).toEqual([SQUARE, SQUARE]);
    expect(pixels).toEqual((await Promise.all(job.pictures.map(expectedPixels))).flat());
    for (const { resized, window, colorChanges } of job.pictures) {
      if (resized.width < SIDE) beyond++;
      if (window!.left > 0 || window!.top > 0) cut++;
      if (colorChanges!.length > 0) colored++;
    }
  }
  expect(Math.min(beyond, cut, colored)).toBeGreaterThan(2);
});
