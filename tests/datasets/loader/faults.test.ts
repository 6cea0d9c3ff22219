import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { CocoDataset, type CocoImage } from '../../../datasets/coco/annotations';
import { cocoExamples, type Example } from '../../../datasets/examples';
import { PicturesGoneError } from '../../../datasets/loader/broken-pictures';
import { EvaluationLoader } from '../../../datasets/loader/evaluation-loader';
import { TrainingLoader } from '../../../datasets/loader/training-loader';
import { WorkerPool } from '../../../datasets/loader/worker-pool';
import { loadBackend } from '../../../detection/backend/node';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { watchedWorkers } from './watched-workers';
import { rejectionOf } from '../../thrown';

jest.mock('node:worker_threads', () =>
  jest.requireActual<typeof import('./watched-workers')>('./watched-workers').watchWorkers(),
);

const training = {
  input: torchvisionInput({ minSize: 40, maxSize: 90 }),
  batchSize: 2,
  minSizes: [40, 56],
  seed: 3,
};
const evaluation = { input: torchvisionInput({ minSize: 48, maxSize: 80 }), batchSize: 2 };

let folder: string;
let images: CocoImage[];
let numTensors: number;

beforeAll(async () => {
  await loadBackend();
  folder = await mkdtemp(path.join(tmpdir(), 'faults-'));
  images = await Promise.all(
    Array.from({ length: 7 }, async (_, k) => {
      const image = { id: 100 + k, fileName: `${k}.png`, width: 60 - 3 * k, height: 30 + 5 * k };
      const random = new RandomStream(1, image.fileName);
      const pixels = Uint8Array.from({ length: image.width * image.height * 3 }, () => random.integer(256));
      await sharp(pixels, { raw: { width: image.width, height: image.height, channels: 3 } }).toFile(
        path.join(folder, image.fileName),
      );
      return image;
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  watchedWorkers.started = [];
  numTensors = tf.memory().numTensors;
});
afterEach(() => {
  jest.restoreAllMocks();
  expect(tf.memory().numTensors).toBe(numTensors);
});

/** A set of all images, each with one object; for `broken` it tells another size than is stored, which no retry mends. */
function examplesWith(...broken: number[]): Example[] {
  const entries = images.map((image) => (broken.includes(image.id) ? { ...image, width: 99 } : image));
  const annotations = images.map(({ id, width, height }) => ({
    id,
    imageId: id,
    categoryId: 7,
    bbox: [id % 10, 4, 17, 21] as const,
    area: width * height,
    isCrowd: false,
  }));
  const categories = [{ id: 7, name: 'noise' }];
  return cocoExamples(new CocoDataset('train.json', folder, entries, categories, annotations, []));
}

interface Copy extends Omit<DetectionBatch, 'images'> {
  /** Their hash. */
  readonly pixels: string;
  readonly shape: number[];
}

async function take(
  loader: AsyncIterable<DetectionBatch>,
  count: number,
  afterBatch: (done: number) => Promise<void> | void = () => undefined,
): Promise<Copy[]> {
  const copies: Copy[] = [];
  for await (const { images: batch, targets, imageIds } of loader) {
    const pixels = createHash('sha1').update(batch.tensor.dataSync()).digest('hex');
    copies.push({ pixels, shape: batch.tensor.shape, targets, imageIds });
    await afterBatch(copies.length);
    if (copies.length === count) break;
  }
  return copies;
}

test('batches are the same to the bit when workers die at random moments', async () => {
  const expected = await take(new TrainingLoader(examplesWith(), training), 14);
  for (const seed of [1, 2, 3]) {
    const random = new RandomStream(seed, 'deaths');
    // Two deaths, so that no batch has three of its own.
    const moments = random.sample(
      Int32Array.from({ length: 9 }, (_, k) => k + 1),
      2,
    );
    let deaths = 0;
    watchedWorkers.started = [];
    const ended = new Set<Worker>();
    const options = { workers: 1 + random.integer(3), prefetch: random.integer(6) };
    const loader = new TrainingLoader(examplesWith(), {
      ...training,
      ...options,
      onWorkerDeath: () => deaths++,
    });
    const batches = await take(loader, 14, async (done) => {
      if (!moments.includes(done)) return;
      const alive = watchedWorkers.started.filter((worker) => !ended.has(worker));
      if (alive.length === 0) return; // the one before has no successor yet
      const victim = alive[random.integer(alive.length)];
      ended.add(victim);
      await new Promise((resolve) => setTimeout(resolve, random.integer(8)));
      void victim.terminate();
    });
    expect(batches).toEqual(expected);
    expect(deaths).toBe(ended.size);
    expect(deaths).toBeGreaterThan(0);
  }
});

describe('a picture that cannot be used', () => {
  test('in training has its place taken by that of the next batch, also after a resume', async () => {
    // 13 batches of 2: images 0 to 6 come in each of almost four rounds.
    const planned = await take(new TrainingLoader(examplesWith(), training), 13);
    const broken = [102, 103, 106];
    const isBroken = (id: number): boolean => broken.includes(id);
    const told: number[] = [];
    const options = {
      ...training,
      onBrokenPicture: ({ imageId }: { imageId: number }) => told.push(imageId),
    };
    const batches = await take(new TrainingLoader(examplesWith(...broken), options), 9);
    for (const [k, { imageIds, targets, shape }] of batches.entries()) {
      const sources = planned[k].imageIds.map((_, place) =>
        planned.slice(k).find((plan) => !isBroken(plan.imageIds[place])),
      );
      expect(imageIds).toEqual(sources.map((source, place) => source!.imageIds[place]));
      expect(targets).toEqual(sources.map((source, place) => source!.targets[place]));
      expect(shape[0]).toBe(2);
      if (!planned[k].imageIds.some(isBroken)) expect(batches[k]).toEqual(planned[k]);
    }
    expect(new Set(told)).toEqual(new Set(broken));
    for (const more of [{ workers: 3 }, { prefetch: 0 }]) {
      const resumed = new TrainingLoader(examplesWith(...broken), { ...options, ...more, startIteration: 3 });
      expect(await take(resumed, 6)).toEqual(batches.slice(3));
    }
    for (const index of [0, 1]) {
      const shared = { ...options, startIteration: 1, share: { index, of: 2 } };
      const share = await take(new TrainingLoader(examplesWith(...broken), shared), 4);
      expect(share).toEqual(batches.slice(1).filter((_, k) => k % 2 === index));
    }
  });

  test('in a mosaic has the whole image replaced, and is told by its own name', async () => {
    const told: string[] = [];
    const loader = new TrainingLoader(examplesWith(103), {
      ...training,
      geometry: { mosaic: 1 },
      onBrokenPicture: ({ imageId, error }) => told.push(`${imageId} ${path.basename(error.file)}`),
    });
    const planned = await take(
      new TrainingLoader(examplesWith(), { ...training, geometry: { mosaic: 1 } }),
      8,
    );
    const batches = await take(loader, 4);
    expect(new Set(told)).toEqual(new Set(['103 3.png']));
    // Some of its images are told of for another picture than the one that they are called after.
    expect(told.length).toBeGreaterThan(
      planned.slice(0, 4).flatMap(({ imageIds }) => imageIds.filter((id) => id === 103)).length,
    );
    for (const [k, batch] of batches.entries()) {
      batch.targets.forEach((targets, place) => {
        expect(planned.slice(k).map((plan) => plan.targets[place])).toContainEqual(targets);
      });
    }
  });

  test('in an evaluation is left out of its batch, and the batch where it was alone', async () => {
    const onBrokenPicture = jest.fn();
    const loader = new EvaluationLoader(examplesWith(101, 106), { ...evaluation, onBrokenPicture });
    const batches = await take(loader, Infinity);
    expect(batches.map(({ imageIds }) => imageIds)).toEqual([[100], [102, 103], [104, 105]]);
    const alone = new EvaluationLoader(examplesWith(), { ...evaluation, batchSize: 1 });
    const [first] = await take(alone, 1);
    expect(batches[0]).toEqual(first);
    expect(onBrokenPicture.mock.calls).toMatchObject([
      [{ imageId: 101, error: { code: 'picture-size', file: path.join(folder, '1.png') } }],
      [{ imageId: 106 }],
    ]);
  });

  test('ends the iteration when it is one of many, one after the other', async () => {
    const onBrokenPicture = jest.fn();
    const all = examplesWith(...images.map(({ id }) => id));
    const loader = new TrainingLoader(all, { ...training, onBrokenPicture });
    const error = await rejectionOf(take(loader, 1));
    expect(error).toBeInstanceOf(PicturesGoneError);
    expect(error).toMatchObject({ code: 'pictures-gone', count: 10, last: { code: 'picture-size' } });
    expect(onBrokenPicture).toHaveBeenCalledTimes(8);
    const evaluated = new EvaluationLoader(all, { ...evaluation, onBrokenPicture });
    await expect(take(evaluated, Infinity)).rejects.toMatchObject({ code: 'pictures-gone', count: 7 });
    // Some among others do not: image 100 comes between them.
    const some = examplesWith(...images.slice(1).map(({ id }) => id));
    const [batch] = await take(new TrainingLoader(some, { ...training, onBrokenPicture }), 1);
    expect(batch.imageIds).toEqual([100, 100]);
  });
});

describe('memory', () => {
  const collectGarbage = ((): (() => void) => {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as () => void;
  })();

  test('batches are loaded no further ahead than asked for, however long the one in use stays', async () => {
    const ordered = jest.spyOn(WorkerPool.prototype, 'load');
    const options = { ...training, workers: 2, prefetch: 3 };
    await take(new TrainingLoader(examplesWith(), options), 8, async (done) => {
      await new Promise((resolve) => setTimeout(resolve, 15));
      expect(ordered).toHaveBeenCalledTimes(done + 3);
    });
  });

  test('does not grow with the number of images that have been seen', async () => {
    // 0.6 MB a batch: 250 of them would be 150 MB.
    const options = { input: torchvisionInput({ minSize: 160, maxSize: 320 }), batchSize: 1, seed: 3 };
    const resident: number[] = [];
    await take(new TrainingLoader(examplesWith(), options), 350, (done) => {
      if (done % 50 !== 0) return;
      collectGarbage();
      resident.push(process.memoryUsage().rss);
    });
    const [, before, ...after] = resident;
    expect(Math.max(...after) - before).toBeLessThan(50e6);
  });
});
