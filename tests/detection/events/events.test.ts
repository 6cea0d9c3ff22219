import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { EventStorage, median } from '../../../detection/events/event-storage';
import type { TrainingState } from '../../../detection/engine/hooks';
import { JsonLinesWriter } from '../../../detection/engine/writers/json-lines-writer';
import { peakMemoryBytes } from '../../../detection/engine/writers/peak-memory';
import { Sgd } from '../../../detection/engine/sgd';
import { summary, withStorage } from '../../../detection/events/summary';
import { disposeSaved, recordTape } from '../../../detection/nn/tfjs-internals';

let tensorsBefore: number;
let folder: string;
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  folder = mkdtempSync(path.join(tmpdir(), 'events-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const stateWith = (storage: EventStorage, iteration: number, iterations: number): TrainingState => ({
  iteration,
  iterations,
  storage,
  optimizer: new Sgd([], { momentum: 0, weightDecay: 0 }),
  hooks: [],
  shouldStop: false,
  outcome: 'running',
});
const readRows = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, number>);

describe('summary', () => {
  it('tells the storage of the running step; without one it does nothing', () => {
    const [outer, inner] = [new EventStorage(), new EventStorage()];
    summary.scalar('before', 1);
    withStorage(outer, () => {
      summary.scalar('a', 1);
      expect(() =>
        withStorage(inner, () => {
          summary.scalar('b', 2);
          throw new Error('inside');
        }),
      ).toThrow('inside');
      summary.scalar('c', 3);
    });
    summary.scalar('after', 1);
    expect([...outer.scalarNames]).toEqual(['a', 'c']);
    expect([...inner.scalarNames]).toEqual(['b']);
  });

  it('computes a scalar where somebody listens, off the tape and without a trace', () => {
    const storage = new EventStorage();
    const x = tf.scalar(3);
    const compute = jest.fn(() => tf.square(x).dataSync()[0]);
    const together = () => ({ twice: 2 * compute() });
    summary.scalar('nobody', compute);
    summary.scalars(together);
    expect(compute).not.toHaveBeenCalled();
    const { result, tape } = withStorage(storage, () =>
      recordTape(() => {
        summary.scalar('square', compute);
        summary.scalars(together);
        return tf.mul(x, x);
      }),
    );
    disposeSaved(tape);
    expect(tape.map(({ kernelName }) => kernelName)).not.toContain('Square');
    expect([...storage.scalarNames].map((name) => storage.latest(name)?.value)).toEqual([9, 18]);
    tf.dispose([x, result]);
  });

  it('takes histograms, images and curves of the steps that a writer wants them of', () => {
    const storage = new EventStorage();
    const tensor = tf.tensor1d([1, 2.5]);
    const image = { width: 1, height: 1, pixels: Uint8Array.of(1, 2, 3) };
    const curve = { truePositives: [2, 1], falsePositives: [1, 0], numTruths: 3 };
    const lazily = jest.fn(() => tf.add(tensor, 1));
    const tell = () => {
      summary.histogram('tensor', tensor);
      summary.histogram('array', [3]);
      summary.histogram('lazily', lazily);
      summary.image('image', image);
      summary.image('lazily', () => image);
      summary.precisionRecall('curve', curve);
      summary.precisionRecall('lazily', () => curve);
    };
    const names = () =>
      [storage.histograms, storage.images, storage.precisionRecallCurves].map((map) => [...map.keys()]);
    tell();
    storage.startIteration(1);
    withStorage(storage, tell);
    expect(names()).toEqual([[], [], []]);
    expect(lazily).not.toHaveBeenCalled();
    storage.wantDetails();
    withStorage(storage, tell);
    expect(names()).toEqual([
      ['tensor', 'array', 'lazily'],
      ['image', 'lazily'],
      ['curve', 'lazily'],
    ]);
    expect(storage.histograms.get('lazily')).toMatchObject({ min: 2, max: 3.5 });
    expect(storage.images.get('image')).toBe(image);
    storage.startIteration(2);
    withStorage(storage, tell);
    expect(names()).toEqual([[], [], []]);
    tensor.dispose();
  });
});

describe('EventStorage', () => {
  it('keeps the last value of an iteration, and a thousand iterations', () => {
    const storage = new EventStorage();
    storage.scalar('x', 1);
    storage.scalar('x', 2);
    expect(storage.history('x')).toEqual([{ iteration: 0, value: 2 }]);
    for (let i = 1; i <= 1500; i++) {
      storage.startIteration(i);
      storage.scalar('x', i);
    }
    expect(storage.history('x')).toHaveLength(1000);
    expect(storage.latest('x')).toEqual({ iteration: 1500, value: 1500 });
    expect(storage.history('y')).toEqual([]);
  });

  it("is smoothed as in detectron2's test of its JSONWriter: medians of 10", () => {
    const storage = new EventStorage();
    const medians: number[][] = [];
    for (let k = 0; k < 20; k++) {
      storage.startIteration(k);
      storage.scalar('key1', k);
      if ((k + 1) % 2 === 0) storage.scalar('key2', k);
      if ((k + 1) % 5 === 0) storage.scalar('key3', k);
      if ((k + 1) % 10 !== 0) continue;
      // That test smooths over the last 10 iterations: as many events as fell into them.
      medians.push([10, 5, 2].map((window, i) => median(storage.history(`key${i + 1}`), window)));
    }
    expect(medians).toEqual([
      [4.5, 5, 6.5],
      [14.5, 15, 16.5],
    ]);
    expect(median([], 5)).toBeNaN();
  });
});

describe('JsonLinesWriter', () => {
  it("gives scalars of other iterations rows of their own, as detectron2's JSONWriter", () => {
    const file = path.join(folder, 'metrics.jsonl');
    const storage = new EventStorage();
    const writer = new JsonLinesWriter({ file, every: 20 });
    // That test counts iterations from 0 and writes after the 20th: rows 19, 39, 59 there are 20, 40, 60 here.
    writer.beforeTrain(stateWith(storage, 0, 60));
    for (let k = 0; k < 60; k++) {
      storage.startIteration(k + 1);
      storage.scalar('key', k);
      if (k % 17 === 0) storage.scalar('key2', k);
      writer.afterStep(stateWith(storage, k + 1, 60));
    }
    writer.afterTrain(stateWith(storage, 60, 60));
    const rows = readRows(file);
    expect(rows.map((row) => row['iteration'] - 1)).toEqual([17, 19, 34, 39, 51, 59]);
    expect(rows.map((row) => [row['key'], row['key2']])).toEqual([
      [undefined, 17],
      [19, undefined],
      [undefined, 34],
      [39, undefined],
      [undefined, 51],
      [59, undefined],
    ]);
    expect(rows[0]['peak_memory_bytes']).toBeGreaterThan(1e7);
  });

  it('drops rows that a resumed run does again, and half a row that a crash left', () => {
    const file = path.join(folder, 'metrics.jsonl');
    writeFileSync(file, '{"iteration":1,"x":0.1}\n{"iteration":2,"x":0.2}\n{"iteration":3,"x":0.3}\n{"iter');
    const storage = new EventStorage();
    const writer = new JsonLinesWriter({ file });
    writer.beforeTrain(stateWith(storage, 2, 3));
    storage.startIteration(3);
    storage.scalar('x', 1 / 3);
    writer.afterStep(stateWith(storage, 3, 3));
    writer.afterTrain(stateWith(storage, 3, 3));
    expect(readRows(file).map(({ iteration, x }) => [iteration, x])).toEqual([
      [1, 0.1],
      [2, 0.2],
      [3, 1 / 3],
    ]);
  });
});

describe('peakMemoryBytes', () => {
  it('grows with what the process holds, and never shrinks', () => {
    const before = peakMemoryBytes();
    // Other tests of this process may have had gigabytes, and given them back, or may do so while this one asks for more.
    const held: Buffer[] = [];
    while (process.memoryUsage().rss <= before) held.push(Buffer.alloc(2 ** 27, 1));
    const during = peakMemoryBytes();
    expect(during).toBeGreaterThan(before);
    expect(during).toBeGreaterThan(held.length * 2 ** 27);
    expect(peakMemoryBytes()).toBeGreaterThanOrEqual(during);
  });
});
