import fs, {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { AdamW } from '../../../detection/engine/adamw';
import { DivergenceError } from '../../../detection/engine/divergence-error';
import type { Hook, TrainingState } from '../../../detection/engine/hooks';
import type { Optimizer } from '../../../detection/engine/optimizer';
import { cosine, withLinearWarmup } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import {
  loadCheckpoint,
  NotFiniteError,
  readCheckpointState,
  saveCheckpoint,
  verifyCheckpoint,
  weightsFile,
} from '../../../weights/checkpoints/checkpoint';
import { CheckpointHook, type CheckpointHookOptions } from '../../../weights/checkpoints/checkpoint-hook';
import { resumePoint } from '../../../weights/checkpoints/resume-point';
import { readSafetensors } from '../../../weights/formats/safetensors-file';
import { WeightsError } from '../../../weights/formats/weights-error';
import { ToyModel, toyBatches, valuesOf } from '../../detection/engine/toy-model';
import { thrownBy } from '../../thrown';

let tensorsBefore: number;
let folder: string;
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  folder = mkdtempSync(path.join(tmpdir(), 'checkpoint-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const OPTIMIZERS: Record<string, (model: ToyModel) => Optimizer> = {
  SGD: (model) => new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 }),
  AdamW: (model) => new AdamW(model.namedParameters(), { weightDecay: 0.01 }),
};

/** Trains from a checkpoint, or from the start, up to `iterations`; returns what was observed at each step. */
async function run(
  makeOptimizer: (model: ToyModel) => Optimizer,
  iterations: number,
  { from, hooks }: { from?: string; hooks?: (model: ToyModel, optimizer: Optimizer) => Hook[] } = {},
) {
  const model = new ToyModel(from === undefined ? 1 : 99);
  const optimizer = makeOptimizer(model);
  const startIteration = from === undefined ? 0 : loadCheckpoint(from, { model, optimizer }).iteration;
  const losses: number[][] = [];
  const observe: Hook = {
    name: 'observe',
    afterStep: ({ storage }) => {
      losses.push(['loss_value', 'loss_size', 'toy/noise', 'lr'].map((name) => storage.latest(name)!.value));
    },
  };
  try {
    await train(toyBatches(startIteration), model, {
      optimizer,
      learningRate: withLinearWarmup(cosine(0.02, 10), 3),
      iterations,
      startIteration,
      hooks: [observe, ...(hooks?.(model, optimizer) ?? [])],
    });
    return { losses, values: valuesOf(model) };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
}

const told: string[] = [];
const checkpointHook =
  (options: Partial<CheckpointHookOptions> = {}) =>
  (model: ToyModel, optimizer: Optimizer) => [
    new CheckpointHook(folder, {
      model,
      optimizer,
      every: 5,
      keep: 2,
      log: (line) => told.push(line),
      metadata: { model: 'toy' },
      ...options,
    }),
  ];

describe.each(Object.entries(OPTIMIZERS))('resuming with %s', (_, makeOptimizer) => {
  it('continues exactly: losses, random numbers and parameters, to the bit', async () => {
    const straight = await run(makeOptimizer, 10);
    const first = await run(makeOptimizer, 5, { hooks: checkpointHook() });
    const second = await run(makeOptimizer, 10, { from: path.join(folder, 'last') });
    expect([...first.losses, ...second.losses]).toEqual(straight.losses);
    expect(second.values).toEqual(straight.values);
    expect(new Set(straight.losses.map(([value]) => value)).size).toBe(10);
  });
});

describe('saveCheckpoint', () => {
  it("writes three files, the model in torchvision's shapes and types", async () => {
    await run(OPTIMIZERS['AdamW'], 2, { hooks: checkpointHook() });
    const checkpoint = path.join(folder, 'checkpoints', '0000002');
    expect(readdirSync(checkpoint).sort()).toEqual([
      'model.safetensors',
      'optimizer.safetensors',
      'state.json',
    ]);
    expect(readlinkSync(path.join(folder, 'last'))).toBe(path.join('checkpoints', '0000002'));
    const { tensors } = readSafetensors(weightsFile(path.join(folder, 'last')));
    expect(Object.fromEntries([...tensors].map(([name, { type, shape }]) => [name, [type, shape]]))).toEqual({
      'conv.weight': ['F32', [4, 3, 3, 3]],
      'fc.weight': ['F32', [2, 36]],
      'head.weight': ['F32', [1, 2]],
      'bn.num_batches_tracked': ['I64', []],
    });
    expect(new BigInt64Array(tensors.get('bn.num_batches_tracked')!.bytes.buffer)[0]).toBe(2n);
    const optimizer = readSafetensors(path.join(checkpoint, 'optimizer.safetensors')).tensors;
    expect([...optimizer.keys()].filter((name) => name.startsWith('fc.')).sort()).toEqual([
      'fc.weight.exp_avg',
      'fc.weight.exp_avg_sq',
      'fc.weight.step',
    ]);
    const state = readCheckpointState(checkpoint);
    expect(state).toMatchObject({ format: 2, iteration: 2, hooks: {}, metadata: { model: 'toy' } });
    expect(Object.keys(state)).toEqual([
      'format',
      'iteration',
      'isExtra',
      'hooks',
      'metrics',
      'metadata',
      'sha256',
    ]);
    expect(weightsFile('some/model.pth')).toBe('some/model.pth');
  });

  it('replaces a checkpoint, and leaves nothing behind when it fails', () => {
    const model = new ToyModel();
    const optimizer = OPTIMIZERS['SGD'](model);
    const checkpoint = path.join(folder, '0000001');
    const save = (metadata: Record<string, unknown>) =>
      saveCheckpoint(checkpoint, { model, optimizer }, { iteration: 1, hooks: {}, metrics: {}, metadata });
    save({ run: 1 });
    save({ run: 2 });
    expect(readCheckpointState(checkpoint).metadata).toEqual({ run: 2 });
    expect(() => save({ run: 3n })).toThrow(/BigInt/);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { errno: -28 });
    const write = jest.spyOn(fs, 'writeSync').mockImplementation(() => {
      throw full;
    });
    const error = thrownBy(() => save({ run: 5 }));
    expect(error).toBeInstanceOf(WeightsError);
    expect(error).toMatchObject({ code: 'checkpoint-unwritable', file: checkpoint, cause: full });
    write.mockRestore();
    expect(readCheckpointState(checkpoint).metadata).toEqual({ run: 2 });
    expect(readdirSync(folder)).toEqual(['0000001']);
    model.dispose();
    optimizer.dispose();
  });
});

describe('loadCheckpoint', () => {
  it('takes checkpoints of before checksums as they are', async () => {
    await run(OPTIMIZERS['SGD'], 2, { hooks: checkpointHook() });
    const file = path.join(folder, 'last', 'state.json');
    const state = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(state['sha256'] as object)).toEqual([
      'model.safetensors',
      'optimizer.safetensors',
      'state.json',
    ]);
    writeFileSync(file, JSON.stringify({ ...state, sha256: undefined }));
    expect((await run(OPTIMIZERS['SGD'], 3, { from: path.join(folder, 'last') })).losses).toHaveLength(1);
    rmSync(path.join(folder, 'last', 'model.safetensors'));
    expect(thrownBy(() => verifyCheckpoint(path.join(folder, 'last')))).toMatchObject({
      code: 'checkpoint-unreadable',
      file: path.join(folder, 'last', 'model.safetensors'),
      cause: { code: 'ENOENT' },
    });
  });

  it('refuses damaged folders, each with one message', async () => {
    await run(OPTIMIZERS['AdamW'], 2, { hooks: checkpointHook() });
    const checkpoint = path.join(folder, 'last');
    const model = new ToyModel();
    const before = valuesOf(model);
    const optimizer = OPTIMIZERS['SGD'](model);
    const load = () => loadCheckpoint(checkpoint, { model, optimizer });
    const file = (name: string) => path.join(checkpoint, name);
    const error = thrownBy(load);
    expect(error).toBeInstanceOf(WeightsError);
    const cause = { message: expect.stringContaining('exp_avg fits no parameter') as unknown };
    expect(error).toMatchObject({ code: 'checkpoint-optimizer', file: file('optimizer.safetensors'), cause });
    model.dispose();

    const other = new ToyModel(99);
    const otherBefore = valuesOf(other);
    const loadOther = () => loadCheckpoint(checkpoint, { model: other, optimizer });
    writeFileSync(path.join(checkpoint, 'model.safetensors'), 'x');
    expect(thrownBy(loadOther)).toMatchObject({
      code: 'checkpoint-damaged',
      file: file('model.safetensors'),
    });
    for (const [text, fault] of [
      ['{"format": 3}', { code: 'checkpoint-format', facts: { format: 3, known: [1, 2] } }],
      ['{"format": 1, "iteration": -0.5}', { code: 'checkpoint-state' }],
      ['{"format": 2, "iteration": 1, "metrics": {}, "metadata": {}}', { code: 'checkpoint-state' }],
      ['[]', { code: 'checkpoint-state' }],
      ['{', { code: 'checkpoint-json' }],
    ] as const) {
      writeFileSync(file('state.json'), text);
      expect(thrownBy(loadOther)).toMatchObject({ file: file('state.json'), ...fault });
    }
    const none = () => loadCheckpoint(path.join(folder, 'none'), { model: other, optimizer });
    expect(thrownBy(none)).toMatchObject({ code: 'checkpoint-unreadable', cause: { code: 'ENOENT' } });
    expect(valuesOf(other)).toEqual(otherBefore);
    expect(before).not.toEqual(otherBefore);
    other.dispose();
    optimizer.dispose();
  });
});

describe('CheckpointHook', () => {
  const checkpoints = () => readdirSync(path.join(folder, 'checkpoints')).sort();
  const link = (name: string) => path.basename(readlinkSync(path.join(folder, name)));
  /** Puts these values of a metric, at every second step. */
  const measure = (values: number[]): Hook => ({
    name: 'measure',
    afterStep: ({ iteration, storage }) => {
      if (iteration % 2 === 0) storage.scalar('AP', values[iteration / 2 - 1]);
    },
  });

  it('saves every so often and at the end, and keeps the latest', async () => {
    await run(OPTIMIZERS['SGD'], 11, { hooks: checkpointHook({ every: 3, keep: 2 }) });
    // The one at the end is beside them.
    expect(checkpoints()).toEqual(['0000006', '0000009', '0000011']);
    expect(link('last')).toBe('0000011');
    expect(existsSync(path.join(folder, 'best'))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(['checkpoints', 'last']);
  });

  it('makes and keeps every Nth for good, and takes away what was to be kept before', async () => {
    await run(OPTIMIZERS['SGD'], 11, { hooks: checkpointHook({ every: 5, keep: 2, keepEvery: 3 }) });
    expect(checkpoints()).toEqual(['0000003', '0000006', '0000009', '0000010', '0000011']);
    await run(OPTIMIZERS['SGD'], 11, {
      from: path.join(folder, 'last'),
      hooks: checkpointHook({ every: 5, keep: 1, keepEvery: 9 }),
    });
    expect([checkpoints(), link('last')]).toEqual([['0000009', '0000010', '0000011'], '0000011']);
  });

  it('keeps the lowest where lower is better', async () => {
    const hooks = (model: ToyModel, optimizer: Optimizer) => [
      measure([0.5, 0.3, NaN, 0.4]),
      ...checkpointHook({ every: 100, keep: 1, bestMetric: { name: 'AP', better: 'lower' } })(
        model,
        optimizer,
      ),
    ];
    await run(OPTIMIZERS['SGD'], 8, { hooks });
    expect([checkpoints(), link('best')]).toEqual([['0000004', '0000008'], '0000004']);
  });

  it('keeps the best, also over a resume; NaN is never best', async () => {
    const hooks = (values: number[]) => (model: ToyModel, optimizer: Optimizer) => [
      measure(values),
      ...checkpointHook({ every: 100, keep: 1, bestMetric: { name: 'AP', better: 'higher' } })(
        model,
        optimizer,
      ),
    ];
    await run(OPTIMIZERS['SGD'], 8, { hooks: hooks([NaN, 0.3, 0.5, 0.4]) });
    expect([checkpoints(), link('best'), link('last')]).toEqual([
      ['0000006', '0000008'],
      '0000006',
      '0000008',
    ]);
    expect(readCheckpointState(path.join(folder, 'best')).metrics['AP']).toBe(0.5);
    const resumed = hooks([0, 0, 0, 0, 0.45, 0.6, 0.55]);
    await run(OPTIMIZERS['SGD'], 10, { from: path.join(folder, 'last'), hooks: resumed });
    expect(link('best')).toBe('0000006');
    await run(OPTIMIZERS['SGD'], 14, { from: path.join(folder, 'last'), hooks: resumed });
    expect([checkpoints(), link('best'), link('last')]).toEqual([
      ['0000012', '0000014'],
      '0000012',
      '0000014',
    ]);
  });

  it('saves when a run is interrupted, not when it fails or had nothing to do', async () => {
    const abortAt3 = (abort: AbortController): Hook => ({
      name: 'abort',
      afterStep: ({ iteration }) => void (iteration === 3 && abort.abort()),
    });
    const model = new ToyModel();
    const optimizer = OPTIMIZERS['SGD'](model);
    const abort = new AbortController();
    const hooks = [abortAt3(abort), ...checkpointHook({ every: 100 })(model, optimizer)];
    const options = { optimizer, learningRate: cosine(0.01, 10), iterations: 10, hooks };
    const result = await train(toyBatches(), model, { ...options, signal: abort.signal });
    expect(result).toMatchObject({ iteration: 3, interrupted: true });
    expect(checkpoints()).toEqual(['0000003']);

    const fresh = checkpointHook({ every: 100 })(model, optimizer);
    await train(toyBatches(), model, { ...options, hooks: fresh, startIteration: 10 });
    const failing: Hook = {
      name: 'failing',
      afterStep: () => {
        throw new Error('hook failed');
      },
    };
    await expect(train(toyBatches(), model, { ...options, hooks: [failing, ...fresh] })).rejects.toThrow(
      'hook failed',
    );
    expect(checkpoints()).toEqual(['0000003']);
    expect(link('last')).toBe('0000003');
    model.dispose();
    optimizer.dispose();
  });

  it('counts those alone that a run has which is never stopped', async () => {
    for (const iterations of [3, 4, 5, 7, 8]) {
      await run(OPTIMIZERS['SGD'], iterations, {
        from: existsSync(path.join(folder, 'last')) ? path.join(folder, 'last') : undefined,
        hooks: checkpointHook({ every: 2, keep: 2 }),
      });
    }
    expect(checkpoints()).toEqual(['0000006', '0000008']);
    await run(OPTIMIZERS['SGD'], 9, {
      from: path.join(folder, 'last'),
      hooks: checkpointHook({ every: 2, keep: 2 }),
    });
    expect(checkpoints()).toEqual(['0000006', '0000008', '0000009']);
  });

  it('makes the links of a process that died before it did, the best one too', async () => {
    const hooks = (model: ToyModel, optimizer: Optimizer) => [
      measure([0.5]),
      ...checkpointHook({ every: 2, bestMetric: { name: 'AP', better: 'higher' } })(model, optimizer),
    ];
    await run(OPTIMIZERS['SGD'], 2, { hooks });
    for (const name of ['last', 'best']) rmSync(path.join(folder, name));
    await run(OPTIMIZERS['SGD'], 2, { from: resumePoint(folder, (line) => told.push(line)), hooks });
    expect([link('last'), link('best')]).toEqual(['0000002', '0000002']);
  });

  it('saves no weights that are not finite: those before stay', async () => {
    const overflowAt = (step: number) => (model: ToyModel, optimizer: Optimizer) => [
      {
        name: 'overflow',
        afterStep: ({ iteration }: TrainingState) => {
          const [[, { variable }]] = model.namedParameters();
          if (iteration === step) tf.tidy(() => variable.assign(tf.fill(variable.shape, Infinity)));
        },
      },
      ...checkpointHook({ every: 1, keep: 1, bestMetric: { name: 'loss_value', better: 'lower' } })(
        model,
        optimizer,
      ),
    ];
    told.length = 0;
    const stopped = run(OPTIMIZERS['SGD'], 5, { hooks: overflowAt(3) });
    await expect(stopped).rejects.toThrow(DivergenceError);
    expect(told).toEqual([
      expect.stringMatching(/0000003: entry "conv\.weight": element 0 is NaN or infinite/),
    ]);
    expect(link('last')).toBe('0000002');
    expect(verifyCheckpoint(path.join(folder, 'last')).iteration).toBe(2);
    await expect(run(OPTIMIZERS['SGD'], 3, { hooks: overflowAt(3) })).rejects.toThrow(NotFiniteError);
    expect(link('last')).toBe('0000002');
  });

  it('leaves a checkpoint as it is where the first step after it is not finished', async () => {
    await run(OPTIMIZERS['SGD'], 2, { hooks: checkpointHook() });
    const before = readFileSync(path.join(folder, 'last', 'state.json'), 'utf8');
    const model = new ToyModel(99);
    const optimizer = OPTIMIZERS['SGD'](model);
    loadCheckpoint(path.join(folder, 'last'), { model, optimizer });
    const abort = new AbortController();
    function* batches() {
      const all = toyBatches(2)[Symbol.iterator]();
      yield all.next().value!;
      abort.abort();
    }
    const rows: string[] = [];
    const look: Hook = {
      name: 'look',
      afterTrain: ({ storage }) => void rows.push(...storage.scalarsAfter(2).map(String)),
    };
    const result = await train(batches(), model, {
      optimizer,
      learningRate: cosine(0.01, 10),
      iterations: 4,
      startIteration: 2,
      accumulate: 2,
      signal: abort.signal,
      hooks: [look, ...checkpointHook()(model, optimizer)],
    });
    expect(result).toMatchObject({ iteration: 2, interrupted: true });
    expect(rows).toEqual([]);
    expect(readFileSync(path.join(folder, 'last', 'state.json'), 'utf8')).toBe(before);
    model.dispose();
    optimizer.dispose();
  });

  it('has defaults for all but what is to be saved, and how often', async () => {
    const warnings: unknown[] = [];
    jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(warning));
    const hooks = (model: ToyModel, optimizer: Optimizer): Hook[] => [
      new CheckpointHook(folder, { model, optimizer, every: 1 }),
    ];
    await run(OPTIMIZERS['SGD'], 5, { hooks });
    expect(checkpoints()).toEqual(['0000003', '0000004', '0000005']);
    expect(readCheckpointState(path.join(folder, 'last'))).toMatchObject({ metadata: {}, hooks: {} });
    expect(warnings).toEqual([]);
    jest.restoreAllMocks();
  });
});
