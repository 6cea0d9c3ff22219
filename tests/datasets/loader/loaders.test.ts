import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import type { Example } from '../../../datasets/loader/batch-plan';
import { decodeImage, ImageError } from '../../../datasets/images/decode';
import { EvaluationLoader } from '../../../datasets/loader/evaluation-loader';
import { TrainingLoader } from '../../../datasets/loader/training-loader';
import { loadBackend } from '../../../detection/backend/node';
import { InputError } from '../../../detection/errors';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { batchImages } from '../../../detection/structures/image-batch';

const training = { batchSize: 2, minSizes: [40, 56], maxSize: 90, seed: 3 };
const evaluation = { batchSize: 2, minSize: 48, maxSize: 80 };
const repository = resolve(__dirname, '..', '..', '..');

let folder: string;
let examples: Example[];
let numTensors: number;

async function noise(name: string, width: number, height: number): Promise<string> {
  const random = new RandomStream(1, name);
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  const file = join(folder, name);
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(file);
  return file;
}

beforeAll(async () => {
  await loadBackend();
  folder = await mkdtemp(join(tmpdir(), 'loaders-'));
  examples = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const size = { height: 30 + 7 * i, width: 60 - 5 * i };
      const file = await noise(`${i}.png`, size.width, size.height);
      const objects = i === 2 ? 0 : 1; // one image without objects
      const targets = {
        gtBoxes: Float32Array.of(3, 4, 20, 25).subarray(0, 4 * objects),
        gtLabels: Int32Array.of(i + 1).subarray(0, objects),
      };
      return { imageId: 100 + i, file, size, targets };
    }),
  );
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  numTensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(numTensors);
});

interface Copy extends Omit<DetectionBatch, 'images'> {
  readonly shape: number[];
  readonly pixels: number[];
  readonly sizes: DetectionBatch['images']['sizes'];
}

function copyOf({ images, targets, imageIds }: DetectionBatch): Copy {
  const pixels = [...images.tensor.dataSync()];
  return { shape: [...images.tensor.shape], pixels, sizes: images.sizes, targets, imageIds };
}

async function take(loader: AsyncIterable<DetectionBatch>, count: number): Promise<Copy[]> {
  const copies: Copy[] = [];
  for await (const batch of loader) {
    copies.push(copyOf(batch));
    if (copies.length === count) break;
  }
  return copies;
}

describe('TrainingLoader', () => {
  test('gives the same batches with any number of workers, any prefetch, and after a resume', async () => {
    const batches = await take(new TrainingLoader(examples, training), 6);
    expect(batches).toHaveLength(6);
    expect(await take(new TrainingLoader(examples, { ...training, workers: 3, prefetch: 7 }), 6)).toEqual(
      batches,
    );
    expect(await take(new TrainingLoader(examples, { ...training, prefetch: 0 }), 2)).toEqual(
      batches.slice(0, 2),
    );
    const resumed = new TrainingLoader(examples, { ...training, workers: 2, startIteration: 4 });
    expect(await take(resumed, 2)).toEqual(batches.slice(4));
    expect(await take(new TrainingLoader(examples, { ...training, seed: 4 }), 6)).not.toEqual(batches);
  });

  test('images without objects are there', async () => {
    const batches = await take(new TrainingLoader(examples, training), 5);
    const empty = batches.flatMap(({ targets, imageIds }) => targets.filter((_, i) => imageIds[i] === 102));
    expect(empty).toHaveLength(2);
    for (const { gtBoxes, gtLabels } of empty) expect([gtBoxes.length, gtLabels.length]).toEqual([0, 0]);
  });

  test('pixels are those of the mirrored, resized, normalised picture', async () => {
    const options = { batchSize: 1, minSizes: [40], maxSize: 90, seed: 0, flipProbability: 1 };
    for (const { pixels, imageIds, shape } of await take(new TrainingLoader(examples, options), 5)) {
      const example = examples.find(({ imageId }) => imageId === imageIds[0])!;
      const { file, size } = example;
      const mirrored = await sharp(file).flop().raw().toBuffer();
      const expected = batchImages([{ pixels: mirrored, size }], { minSize: 40, maxSize: 90 });
      expect(shape).toEqual(expected.tensor.shape);
      expect(pixels).toEqual([...expected.tensor.dataSync()]);
      expected.tensor.dispose();
    }
  });

  test('a batch is disposed when the next one is asked for, and the last by close', async () => {
    const loader = new TrainingLoader(examples, training);
    const batches = loader[Symbol.asyncIterator]();
    const first = (await batches.next()).value as DetectionBatch;
    expect(first.images.tensor.isDisposed).toBe(false);
    const second = (await batches.next()).value as DetectionBatch;
    expect([first.images.tensor.isDisposed, second.images.tensor.isDisposed]).toEqual([true, false]);
    expect(loader.lastWaitSeconds).toBeGreaterThanOrEqual(0);
    await loader.close();
    expect(second.images.tensor.isDisposed).toBe(true);
    expect((await batches.next()).done).toBe(true);
  });

  test('measures how long the first batch is waited for', async () => {
    const loader = new TrainingLoader(examples, training);
    await take(loader, 1);
    expect(loader.lastWaitSeconds).toBeGreaterThan(0);
  });

  test('no images', () => {
    expect(() => new TrainingLoader([], training)).toThrow(InputError);
  });
});

describe('EvaluationLoader', () => {
  test('gives every image once, in order, as batchImages makes it; and again', async () => {
    const loader = new EvaluationLoader(examples, evaluation);
    const batches = await take(loader, Infinity);
    expect(batches.map(({ imageIds }) => imageIds)).toEqual([[100, 101], [102, 103], [104]]);
    const images = await Promise.all(examples.slice(0, 2).map(({ file, size }) => decodeImage(file, size)));
    const expected = batchImages(images, evaluation);
    expect(batches[0].shape).toEqual([2, 64, 96, 3]);
    expect(batches[0].shape).toEqual(expected.tensor.shape);
    expect(batches[0].pixels).toEqual([...expected.tensor.dataSync()]);
    expect(batches[0].sizes).toEqual(expected.sizes);
    expected.tensor.dispose();
    expect(await take(loader, Infinity)).toEqual(batches);
  });

  test('a data set without images is over at once', async () => {
    expect(await take(new EvaluationLoader([], evaluation), Infinity)).toEqual([]);
  });
});

describe('a picture that cannot be used', () => {
  test('ends the iteration at its batch, with its file and its id', async () => {
    const file = join(folder, 'broken.png');
    await writeFile(file, 'no picture');
    const broken = [...examples.slice(0, 4), { ...examples[4], file }];
    for (const workers of [1, 2]) {
      const seen: (readonly number[])[] = [];
      const reading = (async () => {
        for await (const { imageIds } of new EvaluationLoader(broken, { ...evaluation, workers }))
          seen.push(imageIds);
      })();
      const error: unknown = await reading.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ImageError);
      expect((error as ImageError).message).toMatch(/broken\.png: this is no picture.*\(image id 104\)$/);
      expect(seen).toEqual([
        [100, 101],
        [102, 103],
      ]);
    }
  });

  test('a size other than the annotations say', async () => {
    const wrong = [{ ...examples[0], size: { height: 31, width: 60 } }];
    const reading = take(new EvaluationLoader(wrong, evaluation), 1);
    await expect(reading).rejects.toThrow(
      'stored as 60x30 pixels, but the annotations say 60x31 (image id 100)',
    );
  });
});

test('a process ends after a break, an error, and an iteration that was left without a word', async () => {
  const script = `
    require('ts-node/register/transpile-only');
    const { loadBackend } = require('./detection/backend/node.ts');
    const { EvaluationLoader } = require('./datasets/loader/evaluation-loader.ts');
    const [good, bad] = JSON.parse(process.argv[1]).map((file) => ({
      imageId: 1, file, size: { height: 30, width: 60 }, targets: { gtBoxes: [], gtLabels: [] },
    }));
    const options = { minSize: 48, maxSize: 80, workers: 2 };
    (async () => {
      await loadBackend();
      for await (const batch of new EvaluationLoader([good, good, good], options)) break;
      // Answers arrive while the workers are being stopped: the main thread was busy when they were sent.
      for await (const batch of new EvaluationLoader([good, good, good], options)) {
        const end = performance.now() + 300;
        while (performance.now() < end);
        break;
      }
      console.log('stopped');
      try {
        for await (const batch of new EvaluationLoader([good, bad], options));
      } catch (error) { console.log(error.name); }
      await new EvaluationLoader([good, good, good], options)[Symbol.asyncIterator]().next();
      console.log('done');
    })();`;
  const files = JSON.stringify([examples[0].file, join(folder, 'missing.png')]);
  const run = promisify(execFile)(process.execPath, ['-e', script, files], {
    cwd: repository,
    timeout: 20_000,
  });
  expect((await run).stdout).toBe('stopped\nImageError\ndone\n');
});
