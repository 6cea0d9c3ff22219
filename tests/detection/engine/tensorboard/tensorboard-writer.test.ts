import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import type { SummaryImage } from '../../../../detection/engine/event-storage';
import type { Hook } from '../../../../detection/engine/hooks';
import { Sgd } from '../../../../detection/engine/sgd';
import { summary } from '../../../../detection/engine/summary';
import { eventFiles } from '../../../../detection/engine/tensorboard/event-file';
import { TensorBoardWriter } from '../../../../detection/engine/tensorboard/tensorboard-writer';
import { train } from '../../../../detection/engine/train';
import { ToyModel, toyBatches, type ToyBatch } from '../toy-model';

/** Where .ci/run puts TensorBoard's reader. */
const CACHE = process.env['FASTER_RCNN_CACHE'] ?? path.join(homedir(), '.cache', 'faster-rcnn');
const TENSORBOARD = path.join(CACHE, 'tensorboard-2.20.0');
const describeTensorBoard =
  existsSync(TENSORBOARD) || process.env['CI'] === 'true' ? describe : describe.skip;

/** Everything that TensorBoard finds in a folder, by tag, as its own plugins parse it. */
const READ = `
import json, sys
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.plugins.histogram.metadata import parse_plugin_metadata as histogram
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.image.metadata import parse_plugin_metadata as image
from tensorboard.plugins.pr_curve.metadata import parse_plugin_metadata as pr_curve
from tensorboard.util import tensor_util
from google.protobuf.json_format import MessageToDict
parse = {
    'histograms': histogram, 'images': image, 'pr_curves': pr_curve, 'scalars': lambda content: None,
    'hparams': lambda content: MessageToDict(hparams.plugin_data_pb2.HParamsPluginData.FromString(content)),
}
folder, values = sys.argv[1:]
events = EventAccumulator(folder, size_guidance={'tensors': 0})
events.Reload()
found = {}
for tag in events.Tags()['tensors']:
    plugin = events.SummaryMetadata(tag).plugin_data
    content = parse[plugin.plugin_name](plugin.content)
    found[tag] = dict(plugin=plugin.plugin_name, steps=[], values=[])
    found[tag]['content'] = content if content is None or isinstance(content, dict) else MessageToDict(content)
    for event in events.Tensors(tag):
        found[tag]['steps'].append(event.step)
        array = tensor_util.make_ndarray(event.tensor_proto)
        texts = [item.decode('latin-1') for item in array] if array.dtype == object else None
        found[tag]['values'].append(texts or array.tolist())
histograms = {name: tensor_util.make_ndarray(histogram_pb(name, data).value[0].tensor).tolist()
              for name, data in json.loads(values).items()}
print(json.dumps(dict(found=found, histograms=histograms)))
`;

interface Tag {
  readonly plugin: string;
  readonly content: Record<string, unknown>;
  readonly steps: readonly number[];
  readonly values: readonly unknown[];
}

/** @returns what TensorBoard finds, and its own histograms of some values. */
function readAsTensorBoard(values: Record<string, readonly number[]> = {}): {
  found: Record<string, Tag>;
  histograms: Record<string, number[][]>;
} {
  const printed = execFileSync('python3', ['-c', READ, folder, JSON.stringify(values)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'], // it says that it forgets the steps that were done again
    env: { ...process.env, PYTHONPATH: TENSORBOARD },
  });
  return JSON.parse(printed) as ReturnType<typeof readAsTensorBoard>;
}

const hyperparameters = { 'model.name': 'toy', 'optimizer.lr': 0.1, 'data.flip': false };
const image: SummaryImage = {
  width: 3,
  height: 2,
  pixels: new Uint8Array(18),
  boxes: [{ box: [0, 0, 2, 1], label: 'é', colour: '#ff0000' }],
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
});

describeTensorBoard('read by TensorBoard', () => {
  it('is what was told, in the form that its plugins expect', async () => {
    await trainToy(0, 7);
    const { found, histograms } = readAsTensorBoard(details);
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
    expect(readAsTensorBoard().found['lr'].steps).toEqual([1, 2, 3, 4]);

    await expect(trainToy(2, 9, [failingAt(5)])).rejects.toThrow('failed');
    const between = readAsTensorBoard().found;
    expect(between['lr'].steps).toEqual([1, 2, 3, 4]);
    expect(between).not.toHaveProperty(['_hparams_/session_end_info']);

    await trainToy(3, 9);
    const { found } = readAsTensorBoard();
    expect(eventFiles(folder)).toHaveLength(3);
    for (const name of ['lr', 'loss_value', 'seconds', 'toy/noise']) {
      expect(found[name].steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(found['toy/image'].steps).toEqual([3, 6, 9]);
    expect(found['_hparams_/session_start_info'].steps).toContain(0);
    expect(found).toHaveProperty(['_hparams_/session_end_info']);
  });
});
