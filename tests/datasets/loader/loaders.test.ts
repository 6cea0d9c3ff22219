import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import type { CocoImage } from '../../../datasets/coco/annotations';
import { cocoExamples, type Example } from '../../../datasets/examples';
import { decodeImage, ImageError } from '../../../datasets/images/decode';
import type { BatchJob } from '../../../datasets/loader/batch-job';
import { EvaluationLoader } from '../../../datasets/loader/evaluation-loader';
import { TrainingLoader } from '../../../datasets/loader/training-loader';
import { loadBackend } from '../../../detection/backend/node';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { batchImages } from '../../../detection/structures/image-batch';
import { torchvisionInput, type InputSpec } from '../../../detection/structures/input-spec';
import { describeShared, sharedPath } from '../../shared';
import { rejectionOf } from '../../thrown';

const training = {
  input: torchvisionInput({ minSize: 40, maxSize: 90 }),
  batchSize: 2,
  minSizes: [40, 56],
  seed: 3,
};
const evaluation = { input: torchvisionInput({ minSize: 48, maxSize: 80 }), batchSize: 2 };
const repository = resolve(__dirname, '..', '..', '..');

let folder: string;
let images: CocoImage[];
let examples: Example[];
let numTensors: number;

/** Every image has one object, apart from 102, which has none. */
function examplesOf(images: readonly CocoImage[]): Example[] {
  const annotations = images
    .filter((image) => image.id !== 102)
    .map(({ id }) => ({
      id,
      imageId: id,
      categoryId: 7,
      bbox: [3, 4, 17, 21] as const,
      area: 17 * 21,
      isCrowd: false,
    }));
  const categories = [{ id: 7, name: 'noise' }];
  return cocoExamples(new CocoDataset('train.json', folder, images, categories, annotations, []));
}

async function noise(name: string, width: number, height: number): Promise<void> {
  const random = new RandomStream(1, name);
  const pixels = Uint8Array.from({ length: width * height * 3 }, () => random.integer(256));
  await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(join(folder, name));
}

beforeAll(async () => {
  await loadBackend();
  folder = await mkdtemp(join(tmpdir(), 'loaders-'));
  images = await Promise.all(
    Array.from({ length: 5 }, async (_, i) => {
      const image = { id: 100 + i, fileName: `${i}.png`, width: 60 - 5 * i, height: 30 + 7 * i };
      await noise(image.fileName, image.width, image.height);
      return image;
    }),
  );
  examples = examplesOf(images);
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

  test.each([0, 1])('share %d of two has every second batch, also after a resume', async (index) => {
    const batches = await take(new TrainingLoader(examples, training), 6);
    const shared = { ...training, share: { index, of: 2 } };
    const own = batches.filter((_, k) => k % 2 === index);
    expect(await take(new TrainingLoader(examples, shared), 3)).toEqual(own);
    expect(await take(new TrainingLoader(examples, { ...shared, startIteration: 2 }), 2)).toEqual(
      own.slice(1),
    );
  });

  test('images without objects are there', async () => {
    const batches = await take(new TrainingLoader(examples, training), 5);
    const empty = batches.flatMap(({ targets, imageIds }) => targets.filter((_, i) => imageIds[i] === 102));
    expect(empty).toHaveLength(2);
    for (const { boxes: gtBoxes, labels: gtLabels } of empty)
      expect([gtBoxes.length, gtLabels.length]).toEqual([0, 0]);
  });

  test('pixels are those of the mirrored, resized, normalized picture', async () => {
    const { input } = training;
    const options = { input, batchSize: 1, seed: 0, flipProbability: 1 };
    for (const { pixels, imageIds, shape } of await take(new TrainingLoader(examples, options), 5)) {
      const { fileName, width, height } = images.find(({ id }) => id === imageIds[0])!;
      const mirrored = await sharp(join(folder, fileName)).flop().raw().toBuffer();
      const expected = batchImages([{ pixels: mirrored, size: { width, height } }], input);
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
    await loader.close();
    expect(second.images.tensor.isDisposed).toBe(true);
    expect((await batches.next()).done).toBe(true);
  });

  test('lengths to draw from do not go with an image of a fixed size', () => {
    const input: InputSpec = { ...training.input, resize: { kind: 'fixed', height: 9, width: 9 } };
    expect(() => new TrainingLoader(examples, { ...training, input })).toThrow(/^minSizes: /);
  });

  test('no images', () => {
    expect(() => new TrainingLoader([], training)).toThrow(
      new RangeError('there are no examples to train on'),
    );
  });
});

describe('EvaluationLoader', () => {
  test('gives every image once, in order, as batchImages makes it; and again', async () => {
    const loader = new EvaluationLoader(examples, evaluation);
    const batches = await take(loader, Infinity);
    expect(batches.map(({ imageIds }) => imageIds)).toEqual([[100, 101], [102, 103], [104]]);
    const pictures = await Promise.all(
      images.slice(0, 2).map(({ fileName }) => decodeImage(join(folder, fileName))),
    );
    const expected = batchImages(pictures, evaluation.input);
    expect(batches[0].shape).toEqual([2, 64, 96, 3]);
    expect(batches[0].shape).toEqual(expected.tensor.shape);
    expect(batches[0].pixels).toEqual([...expected.tensor.dataSync()]);
    expect(batches[0].sizes).toEqual(expected.sizes);
    expected.tensor.dispose();
    expect(await take(loader, Infinity)).toEqual(batches);
  });

  test('normalizes as the model asks for', async () => {
    const input: InputSpec = {
      ...evaluation.input,
      mean: [0.5, 0.4, 0.3],
      std: [0.5, 0.6, 0.7],
      channels: 'bgr',
      sizeDivisor: 16,
    };
    const twice = [examples[0], { ...examples[0], imageId: 200 }];
    const [{ pixels, shape }] = await take(new EvaluationLoader(twice, { ...evaluation, input }), 1);
    expect(shape).toEqual([2, 48, 80, 3]);
    const picture = await decodeImage(join(folder, images[0].fileName));
    const expected = batchImages([picture, picture], input);
    expect(pixels).toEqual([...expected.tensor.dataSync()]);
    expected.tensor.dispose();
  });

  test('pads no picture to the size of another', async () => {
    const three = [examples[0], { ...examples[0], imageId: 200 }, examples[1]];
    const batches = await take(new EvaluationLoader(three, evaluation), Infinity);
    expect(batches.map(({ shape }) => shape)).toEqual([
      [2, 64, 96, 3],
      [1, 64, 96, 3],
    ]);
  });

  test('a data set without images is over at once', async () => {
    expect(await take(new EvaluationLoader([], evaluation), Infinity)).toEqual([]);
  });
});

describe('pictures in memory', () => {
  /** The bytes of files, in the middle of larger memory. */
  const inMemory = async (): Promise<Example[]> =>
    Promise.all(
      examples.map(async (example, i) => {
        const bytes = await readFile(join(folder, images[i].fileName));
        const larger = new Uint8Array(bytes.length + 2 * i);
        larger.set(bytes, i);
        return { ...example, file: larger.subarray(i, i + bytes.length) };
      }),
    );

  test('come out like their files, and keep their bytes', async () => {
    const given = await inMemory();
    const before = structuredClone(given);
    const expected = await take(new TrainingLoader(examples, training), 6);
    expect(await take(new TrainingLoader(given, { ...training, workers: 2 }), 6)).toEqual(expected);
    expect(given.map(({ file }) => file)).toEqual(before.map(({ file }) => file));
  });

  test('are sent without the memory around them', async () => {
    const posted = jest.spyOn(Worker.prototype, 'postMessage');
    await take(new EvaluationLoader(await inMemory(), evaluation), Infinity);
    const files = posted.mock.calls.flatMap(([{ job }]) =>
      (job as BatchJob).pictures.map(({ file }) => file as Uint8Array),
    );
    expect(files).toHaveLength(5);
    for (const { buffer, byteLength } of files) expect(buffer.byteLength).toBe(byteLength);
    posted.mockRestore();
  });

  test('that cannot be used are called by their id', async () => {
    const broken: Example = { ...examples[0], file: Uint8Array.of(1, 2, 3) };
    const reading = take(new EvaluationLoader([broken], evaluation), 1);
    await expect(reading).rejects.toMatchObject({
      code: 'picture-unknown-type',
      file: 'image 100',
      facts: { imageId: 100 },
    });
  });
});

describe('a picture that cannot be used', () => {
  test('ends the iteration at its batch, with its file and its id', async () => {
    await writeFile(join(folder, 'broken.png'), 'no picture');
    const broken = examplesOf([...images.slice(0, 4), { ...images[4], fileName: 'broken.png' }]);
    const seen: (readonly number[])[] = [];
    const reading = (async () => {
      for await (const { imageIds } of new EvaluationLoader(broken, { ...evaluation, workers: 2 }))
        seen.push(imageIds);
    })();
    const error = await rejectionOf(reading);
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({
      code: 'picture-unknown-type',
      file: join(folder, 'broken.png'),
      facts: { imageId: 104 },
    });
    expect(seen).toEqual([
      [100, 101],
      [102, 103],
    ]);
  });

  test('a size other than the annotations say', async () => {
    const wrong = examplesOf([{ ...images[0], height: 31 }]);
    const reading = take(new EvaluationLoader(wrong, evaluation), 1);
    await expect(reading).rejects.toMatchObject({
      code: 'picture-size',
      facts: { stored: { width: 60, height: 30 }, expected: { width: 60, height: 31 }, imageId: 100 },
    });
  });
});

describeShared('real pictures', () => {
  test('bccd in one pass, with the boxes that its file has', async () => {
    const real = await readCocoDataset(sharedPath('data/bccd/val.json'), sharedPath('data/bccd/images'));
    let boxes = 0;
    let pictures = 0;
    for await (const { images, targets } of new EvaluationLoader(cocoExamples(real), {
      input: torchvisionInput({ minSize: 64, maxSize: 96 }),
      batchSize: 8,
    })) {
      expect(images.tensor.shape).toEqual([targets.length, 64, 96, 3]);
      pictures += targets.length;
      boxes += targets.reduce((sum, { labels: gtLabels }) => sum + gtLabels.length, 0);
    }
    expect([pictures, boxes]).toEqual([71, 893]);
  });
});

test('a process ends after a break, an error, and an iteration that was left without a word', async () => {
  const script = `
    require('ts-node/register/transpile-only');
    const { loadBackend } = require('./detection/backend/node.ts');
    const { EvaluationLoader } = require('./datasets/loader/evaluation-loader.ts');
    const { CocoDataset } = require('./datasets/coco/annotations.ts');
    const { cocoExamples } = require('./datasets/examples.ts');
    const { torchvisionInput } = require('./detection/structures/input-spec.ts');
    const examples = (...names) => cocoExamples(new CocoDataset('train.json', process.argv[1],
      names.map((fileName, id) => ({ id, fileName, width: 60, height: 30 })), [], [], []));
    const good = '0.png';
    const options = { input: torchvisionInput({ minSize: 48, maxSize: 80 }), workers: 2 };
    (async () => {
      await loadBackend();
      for await (const batch of new EvaluationLoader(examples(good, good, good), options)) break;
      // Answers arrive while the workers are being stopped: the main thread was busy when they were sent.
      for await (const batch of new EvaluationLoader(examples(good, good, good), options)) {
        const end = performance.now() + 300;
        while (performance.now() < end);
        break;
      }
      console.log('stopped');
      try {
        for await (const batch of new EvaluationLoader(examples(good, 'missing.png'), options));
      } catch (error) { console.log(error.name); }
      await new EvaluationLoader(examples(good, good, good), options)[Symbol.asyncIterator]().next();
      console.log('done');
    })();`;
  // It takes 2 s on a free machine and ten times as long on a busy one, where 20 s have been too few. What ended it is shown.
  const { stdout, stderr, signal } = await promisify(execFile)(process.execPath, ['-e', script, folder], {
    cwd: repository,
    timeout: 200_000,
  }).then(
    (output) => ({ ...output, signal: undefined }),
    (error: ExecFileException & { stdout: string; stderr: string }) => error,
  );
  expect({ stdout, stderr, signal }).toEqual({
    stdout: 'stopped\nImageError\ndone\n',
    stderr: '',
    signal: undefined,
  });
});
