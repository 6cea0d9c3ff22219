import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../../detection/backend/node';
import type { SummaryImage } from '../../../../../detection/events/event-storage';
import type { Hook } from '../../../../../detection/engine/hooks';
import { Sgd } from '../../../../../detection/engine/sgd';
import { summary } from '../../../../../detection/events/summary';
import { eventFiles } from '../../../../../detection/engine/writers/tensorboard/event-file';
import { TensorBoardWriter } from '../../../../../detection/engine/writers/tensorboard/tensorboard-writer';
import { train } from '../../../../../detection/engine/train';
import { ToyModel, toyBatches, type ToyBatch } from '../../toy-model';
import { describeTensorBoard, readAsTensorBoard } from './read-as-tensorboard';

const hyperparameters = { 'model.name': 'toy', 'optimizer.lr': 0.1, 'data.flip': false };
const image: SummaryImage = {
  width: 3,
  height: 2,
  pixels: new Uint8Array(18),
  boxes: [{ box: [0, 0, 2, 1], label: 'é', color: '#ff0000' }],
};
const curve = { truePositives: [3, 2, 0], falsePositives: [2, 0, 0], numTruths: 4 };

/** What the model tells at each step, where somebody wants it. */
const details: Record<string, number[]> = {
  spread: Array.from({ length: 500 }, (_, i) => Math.sin(i * i)),
  edges: [-1, 2, 2, 2, -1, 0.5],
  equal: [7, 7, 7],
  none: [],
};
function tellDetails(): void {
  for (const [name, values] of Object.entries(details)) summary.histogram(`toy/${name}`, values);
  summary.histogram('toy/broken', [NaN, 1, -Infinity, 2]);
  summary.image('toy/image', image);
  summary.precisionRecall('toy/curve', curve);
}

let folder: string;
let model: ToyModel;
let tensorsBefore: number;
beforeAll(() => loadBackend());
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tensorboard-'));
  tensorsBefore = tf.memory().numTensors;
  model = new ToyModel();
});
afterEach(() => {
  model.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
  rmSync(folder, { recursive: true });
});

const encodeImage = jest.fn(({ boxes }: SummaryImage) =>
  Promise.resolve(Buffer.from(boxes![0].label, 'latin1')),
);

/** Trains the toy from one step to another, as one process of a run does. */
async function trainToy(from: number, to: number, hooks: Hook[] = []): Promise<void> {
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const telling = {
    losses: (batch: ToyBatch) => {
      tellDetails();
      return model.losses(batch);
    },
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  };
  try {
    await train(toyBatches(from), telling, {
      optimizer,
      learningRate: (step) => 0.001 * (step + 1),
      iterations: to,
      startIteration: from,
      hooks: [...hooks, new TensorBoardWriter({ folder, detailsEvery: 3, hyperparameters, encodeImage })],
    });
  } finally {
    optimizer.dispose();
  }
}

const failingAt = (step: number): Hook => ({
  name: 'failing',
  beforeStep: ({ iteration }) => {
    if (iteration + 1 === step) throw new Error('failed');
  },
});

describe('TensorBoardWriter', () => {
  it('makes no file where there is nothing to do', async () => {
    await trainToy(5, 5);
    expect(eventFiles(folder)).toEqual([]);
  });

  it('has images encoded only of the steps that it wants', async () => {
    encodeImage.mockClear();
    await trainToy(0, 7);
    expect(encodeImage.mock.calls).toEqual([[image], [image]]);
  });

  it('writes what a hook puts unasked no more often, but at the last step', async () => {
    encodeImage.mockClear();
    const putting: number[] = [];
    const evaluating: Hook = {
      name: 'evaluating',
      afterStep: ({ iteration, storage }) => {
        if (iteration !== 6) storage.image('evaluation', { ...image, width: iteration });
        putting.push(iteration);
      },
    };
    await trainToy(0, 7, [evaluating]);
    expect(putting).toHaveLength(7);
    const written = encodeImage.mock.calls.map(([{ width }]) => width);
    // 3 is the width of the model's own image, at steps 3 and 6. At step 3 everything is wanted.
    expect(written).toEqual([1, 3, 3, 3, 7]);
  });

  it('writes what is put at the last step of a run that a hook ends', async () => {
    encodeImage.mockClear();
    const stopping: Hook = {
      name: 'stopping',
      afterStep: (state) => {
        state.storage.image('evaluation', { ...image, width: 10 * state.iteration });
        state.shouldStop = state.iteration === 5;
      },
    };
    await trainToy(0, 70, [stopping]);
    // 3 is the width of the model's own image. At step 3 everything is wanted.
    expect(encodeImage.mock.calls.map(([{ width }]) => width)).toEqual([10, 3, 30, 50]);
  });
});

describeTensorBoard('read by TensorBoard', () => {
  it('is what was told, in the form that its plugins expect', async () => {
    await trainToy(0, 7);
    const { found, histograms } = readAsTensorBoard(folder, details);
    expect(found['loss_value'].plugin).toBe('scalars');
    expect(found['loss_value'].steps).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(found['lr'].values).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => Math.fround(0.001 * step)));
    for (const name of ['total_loss', 'seconds', 'data_seconds', 'toy/noise', 'peak_memory_bytes']) {
      expect(found[name].values).toHaveLength(7);
    }
    for (const name of Object.keys(details)) {
      const tag = found[`toy/${name}`];
      expect([tag.plugin, tag.steps]).toEqual(['histograms', [3, 6]]);
      const [read] = tag.values as number[][][];
      expect(read.map((row) => row[2])).toEqual(histograms[name].map((row) => row[2]));
      read.flat().forEach((value, k) => expect(value).toBeCloseTo(histograms[name].flat()[k], 6));
    }
    for (const name of ['conv.weight', 'fc.weight', 'head.weight']) {
      for (const kind of ['parameters', 'gradients']) {
        const { steps, values } = found[`${kind}/${name}`];
        expect(steps).toEqual([3, 6]);
        const counts = (values as number[][][]).map((read) => read.reduce((sum, row) => sum + row[2], 0));
        const size = model.stateDict().get(name)!.value.size;
        expect(counts).toEqual([size, size]);
      }
    }
    const [broken] = found['toy/broken'].values as number[][][];
    expect([broken[0], broken[29][1], broken[29][2]]).toEqual([[1, expect.any(Number), 1], 2, 1]);
    expect(found['toy/image']).toMatchObject({
      plugin: 'images',
      steps: [3, 6],
      values: [
        ['3', '2', 'é'],
        ['3', '2', 'é'],
      ],
    });
    expect(found['toy/curve']).toMatchObject({
      plugin: 'pr_curves',
      content: { numThresholds: 3 },
      steps: [3, 6],
    });
    expect(found['toy/curve'].values[0]).toEqual([
      [3, 2, 0],
      [2, 0, 0],
      [0, 0, 0],
      [1, 2, 4],
      [Math.fround(0.6), 1, 0],
      [0.75, 0.5, 0],
    ]);
    expect(found['_hparams_/session_start_info']).toMatchObject({
      plugin: 'hparams',
      content: {
        sessionStartInfo: { hparams: hyperparameters, startTimeSecs: expect.any(Number) as number },
      },
    });
    expect(found['_hparams_/session_end_info'].content).toMatchObject({
      sessionEndInfo: { status: 'STATUS_SUCCESS' },
    });
  });

  it('is one curve where a run was killed in the middle of a record and went on from an earlier step', async () => {
    await expect(trainToy(0, 9, [failingAt(6)])).rejects.toThrow('failed');
    const [killed] = eventFiles(folder).map((name) => path.join(folder, name));
    truncateSync(killed, readFileSync(killed).length - 5); // the fifth step's scalars
    expect(readAsTensorBoard(folder).found['lr'].steps).toEqual([1, 2, 3, 4]);

    await expect(trainToy(2, 9, [failingAt(5)])).rejects.toThrow('failed');
    const between = readAsTensorBoard(folder).found;
    expect(between['lr'].steps).toEqual([1, 2, 3, 4]);
    expect(between).not.toHaveProperty(['_hparams_/session_end_info']);

    await trainToy(3, 9);
    const { found } = readAsTensorBoard(folder);
    expect(eventFiles(folder)).toHaveLength(3);
    for (const name of ['lr', 'loss_value', 'seconds', 'toy/noise']) {
      expect(found[name].steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(found['toy/image'].steps).toEqual([3, 6, 9]);
    expect(found['_hparams_/session_start_info'].steps).toContain(0);
    expect(found).toHaveProperty(['_hparams_/session_end_info']);
  });
});
