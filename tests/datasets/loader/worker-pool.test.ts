import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import type { BatchJob } from '../../../datasets/loader/batch-job';
import {
  describeWorkerDeath,
  WorkerDeathError,
  type WorkerDeath,
} from '../../../datasets/loader/worker-death';
import { WorkerPool, type LoadedBatch } from '../../../datasets/loader/worker-pool';
import { InputError } from '../../../detection/errors';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { watchedWorkers } from './watched-workers';
import { rejectionOf } from '../../thrown';

jest.mock('node:worker_threads', () =>
  jest.requireActual<typeof import('./watched-workers')>('./watched-workers').watchWorkers(),
);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pool-'));
  for (const value of [10, 20, 30, 40]) {
    const create = { width: 9, height: 9, channels: 3, background: { r: value, g: 0, b: 0 } } as const;
    await sharp({ create })
      .png()
      .toFile(path.join(folder, `${value}.png`));
  }
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => {
  watchedWorkers.started = [];
  watchedWorkers.options = {};
});

function jobOf(...names: string[]): BatchJob {
  const size = { height: 9, width: 9 };
  const pictures = names.map((name, k) => ({
    imageId: k + 1,
    file: path.join(folder, name),
    size,
    resized: size,
    flip: false,
  }));
  const input = { ...torchvisionInput({ minSize: 9, maxSize: 9 }), mean: [0, 0, 0], std: [1 / 255, 1, 1] };
  return { padded: { height: 32, width: 32 }, pictures, input };
}

/** Red of the first pixel of each picture. */
function reds(loaded: LoadedBatch): number[] | undefined {
  if (!('pixels' in loaded)) return undefined;
  return Array.from({ length: loaded.pixels.length / 3072 }, (_, k) => Math.round(loaded.pixels[3072 * k]));
}

/** A picture of no possible size ends a worker as an error that nobody has caught. */
function impossible(): BatchJob {
  const job = jobOf('10.png', '20.png');
  return { ...job, pictures: job.pictures.map((each) => ({ ...each, resized: { height: -1, width: 1 } })) };
}

test('pixels stay until they are given back; then their memory is used again', async () => {
  const pool = new WorkerPool(1);
  const pixelsOf = async (name: string) => {
    const loaded = await pool.load(jobOf(name));
    if (!('pixels' in loaded)) throw new Error(`${name} was refused`);
    return loaded;
  };
  const [first, second] = [await pixelsOf('10.png'), await pixelsOf('20.png')];
  expect(second.pixels.buffer).not.toBe(first.pixels.buffer);
  expect(reds(first)).toEqual([10]);
  first.release();
  const third = await pixelsOf('30.png');
  expect(third.pixels.buffer).toBe(first.pixels.buffer);
  expect([second, third].map(reds)).toEqual([[20], [30]]);
  // Around the picture there is nothing of the one before.
  const isPadding = (k: number) => Math.floor(k / 96) >= 9 || k % 96 >= 27;
  expect(third.pixels.filter((_, k) => isPadding(k)).every((value) => value === 0)).toBe(true);
  second.release();
  third.release();
  // What the buffers are too small for gets a larger one, and there are no more of them than at once in use.
  const large = await pool.load({ ...jobOf('40.png'), padded: { height: 64, width: 32 } });
  expect('pixels' in large && large.pixels.buffer).not.toBe(third.pixels.buffer);
  expect((await pixelsOf('10.png')).pixels.buffer).toBe(second.pixels.buffer);
  await pool.close();
});

test('closing fails the batches that are awaited', async () => {
  const pool = new WorkerPool(2);
  const loads = [jobOf('10.png'), jobOf('20.png'), jobOf('30.png')].map((job) => pool.load(job));
  await pool.close();
  for (const load of loads) await expect(load).rejects.toThrow('the loader is closed');
  expect(watchedWorkers.started).toHaveLength(2);
});

test('all pictures of a batch that cannot be used are told', async () => {
  const pool = new WorkerPool(1);
  await writeFile(path.join(folder, 'empty.png'), '');
  expect(await pool.load(jobOf('10.png', 'empty.png', 'missing.png'))).toMatchObject({
    refused: [
      { index: 1, fault: 'empty' },
      { index: 2, fault: 'missing' },
    ],
  });
  await pool.close();
});

test('a worker that is ended is replaced, and answers what the dead one has not', async () => {
  const deaths: WorkerDeath[] = [];
  const pool = new WorkerPool(1, (death) => deaths.push(death));
  const names = ['10.png', '20.png', '30.png'];
  const loads = names.map((name) => pool.load(jobOf(name)));
  await watchedWorkers.started[0].terminate();
  expect((await Promise.all(loads)).map(reds)).toEqual([[10], [20], [30]]);
  expect(describeWorkerDeath(deaths[0])).toMatch(/^exit status [01], at image 1 \(.*10\.png\)$/);

  // One that has nothing to do is replaced when there is.
  await watchedWorkers.started[1].terminate();
  expect(watchedWorkers.started).toHaveLength(2);
  expect(reds(await pool.load(jobOf('40.png')))).toEqual([40]);
  expect(deaths.map(({ pictures }) => pictures.length)).toEqual([1, 0]);
  expect(describeWorkerDeath(deaths[1])).toMatch(/^exit status [01]$/);
  await pool.close();
  expect(watchedWorkers.started).toHaveLength(3);
  expect(deaths).toHaveLength(2);
});

test('a batch that ends one worker after another fails and is named; the others are loaded', async () => {
  const deaths: WorkerDeath[] = [];
  const pool = new WorkerPool(1, (death) => deaths.push(death));
  const loads = [jobOf('10.png'), impossible(), jobOf('20.png')].map((job) => pool.load(job));
  expect(reds(await loads[0])).toEqual([10]);
  const error = await rejectionOf(loads[1]);
  expect(error).toBeInstanceOf(WorkerDeathError);
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({
    code: 'worker-death',
    deaths: 3,
    isOutOfFiles: false,
    death: {
      cause: { name: 'RangeError', message: 'Invalid typed array length: -1' },
      pictures: ['10.png', '20.png'].map((name) => ({ file: path.join(folder, name) })),
    },
  });
  expect(reds(await loads[2])).toEqual([20]);
  expect(watchedWorkers.started).toHaveLength(4);
  expect(deaths).toHaveLength(2);
  await pool.close();
});

test('a worker without memory is replaced', async () => {
  // Enough for V8 to start, and too little for what the worker needs.
  watchedWorkers.options = { resourceLimits: { maxOldGenerationSizeMb: 6 } };
  const deaths: WorkerDeath[] = [];
  const pool = new WorkerPool(1, (death) => {
    deaths.push(death);
    watchedWorkers.options = {};
  });
  expect(reds(await pool.load(jobOf('30.png')))).toEqual([30]);
  expect(deaths.map(describeWorkerDeath)).toEqual([
    `out of memory, at image 1 (${path.join(folder, '30.png')})`,
  ]);
  await pool.close();
});

test.each([
  ["EMFILE: too many open files, open 'a.png'", { code: 'EMFILE' }],
  ['Worker initialization failure: EMFILE', { code: 'ERR_WORKER_INIT_FAILED' }],
])('a worker that may open no more files is told without a trace: %s', (text, code) => {
  const cause = Object.assign(new Error(text), code);
  const error = new WorkerDeathError({ cause, pictures: [] }, 3);
  expect(error.isOutOfFiles).toBe(true);
  expect(error.message).not.toContain('\n');
});
