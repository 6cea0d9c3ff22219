import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import type { Hook, Json, TrainingState } from '../../../detection/engine/hooks';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { readCheckpointState, verifyCheckpoint } from '../../../weights/checkpoints/checkpoint';
import { CheckpointHook } from '../../../weights/checkpoints/checkpoint-hook';
import { isExact, resumeFrom } from '../../../weights/checkpoints/resume';
import { WeightsError } from '../../../weights/formats/weights-error';
import { ToyModel, toyBatches, valuesOf } from '../../detection/engine/toy-model';
import { makeFormat1 } from './as-format-1';
import { rejectionOf, thrownBy } from '../../thrown';

let tensorsBefore: number;
let folder: string;
let told: string[];
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  folder = mkdtempSync(path.join(tmpdir(), 'resume-'));
  told = [];
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** Remembers a number for each step. */
class Memory implements Hook {
  private steps: readonly Json[] = [];

  constructor(readonly name: string) {}

  state(): Json {
    return this.steps;
  }

  restore(state: Json): void {
    if (!Array.isArray(state)) throw new Error('it is no list');
    this.steps = state as Json[];
  }

  afterStep({ iteration }: TrainingState): void {
    this.steps = [...this.steps, iteration];
  }
}

/** Trains as far as `iterations`, from the last checkpoint if there is one. */
async function run(iterations: number, memories: readonly Memory[] = [], seed = 1) {
  const model = new ToyModel(seed);
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const losses: number[] = [];
  const observe: Hook = {
    name: 'observe',
    afterStep: ({ storage }) => void losses.push(storage.latest('total_loss')!.value),
  };
  const hooks = [observe, ...memories, new CheckpointHook(folder, { model, optimizer, every: 2 })];
  try {
    const log = (line: string) => void told.push(line);
    const { startIteration, checkpoint } = resumeFrom(folder, { model, optimizer, hooks, log });
    await train(toyBatches(3 * startIteration), model, {
      optimizer,
      learningRate: constant(0.02),
      iterations,
      startIteration,
      accumulate: 3,
      hooks,
    });
    return { startIteration, checkpoint, losses, values: valuesOf(model) };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
}

const last = () => realpathSync(path.join(folder, 'last'));

test('a run that has no checkpoint begins; one that has goes on to the bit, hooks too', async () => {
  const straight = await run(6, [new Memory('a')]);
  expect([straight.startIteration, straight.checkpoint]).toEqual([0, undefined]);
  const saved = readFileSync(path.join(last(), 'optimizer.safetensors'));
  rmSync(path.join(folder, 'checkpoints'), { recursive: true });
  rmSync(path.join(folder, 'last'));

  const first = await run(3, [new Memory('a')]);
  const stopped = last();
  const memory = new Memory('a');
  const second = await run(6, [memory], 99);
  expect([second.startIteration, second.checkpoint]).toEqual([3, stopped]);
  expect([...first.losses, ...second.losses]).toEqual(straight.losses);
  expect(second.values).toEqual(straight.values);
  expect(readFileSync(path.join(last(), 'optimizer.safetensors')).equals(saved)).toBe(true);
  expect(memory.state()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(told).toEqual([]);
});

test('each hook gets back its own state, by its name; nothing where the checkpoint has none', async () => {
  await run(2, [new Memory('a'), new Memory('toString')]);
  expect(readCheckpointState(last()).hooks).toEqual({ a: [1, 2], toString: [1, 2] });
  const [a, other, inherited] = ['a', 'b', 'valueOf'].map((name) => new Memory(name));
  await run(3, [other, a, inherited]);
  expect([a, other, inherited].map((memory) => memory.state())).toEqual([[1, 2, 3], [3], [3]]);
});

test('a state that the hook does not take is refused by its name', async () => {
  await run(2, [new Memory('a')]);
  const file = path.join(last(), 'state.json');
  const state = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...state, hooks: { a: 5 }, sha256: undefined }));
  const error = await rejectionOf(run(3, [new Memory('a')]));
  expect(error).toBeInstanceOf(WeightsError);
  const cause = { message: 'it is no list' };
  expect(error).toMatchObject({
    code: 'checkpoint-hook',
    file: expect.stringMatching(/\/state\.json$/) as unknown,
    entry: 'a',
    cause,
  });
});

test('what cannot be used is passed over; without anybody to tell, the process warns', async () => {
  await run(4);
  writeFileSync(path.join(last(), 'model.safetensors'), 'x');
  expect((await run(4)).startIteration).toBe(2);
  expect(told).toEqual([
    expect.stringMatching(/0000004\/model\.safetensors: is damaged.*; using the checkpoint before it$/),
  ]);

  writeFileSync(path.join(last(), 'model.safetensors'), 'x');
  const warnings: unknown[] = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(warning));
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  expect(resumeFrom(folder, { model, optimizer }).startIteration).toBe(2);
  expect(warnings).toEqual(told);
  model.dispose();
  optimizer.dispose();
});

test('a run of format 1 goes on with what it was, and says that its draws are others', async () => {
  const memories = () =>
    ['divergence', 'earlyStopping', 'evaluation', 'unknown'].map((name) => new Memory(name));
  await run(2, memories());
  makeFormat1(last());
  const state = verifyCheckpoint(last());
  expect(state).toMatchObject({ format: 1, iteration: 2 });
  expect(state.hooks).toEqual({ divergence: [1, 2], earlyStopping: [1, 2], evaluation: [1, 2] });
  expect(isExact(state)).toBe(false);
  const before = last();

  const again = memories();
  const { startIteration } = await run(3, again);
  expect(startIteration).toBe(2);
  expect(again.map((memory) => memory.state())).toEqual([[1, 2, 3], [1, 2, 3], [1, 2, 3], [3]]);
  expect(told.splice(0)).toEqual([
    `${before}: is of an earlier version, so random draws differ from here on`,
  ]);
  expect(isExact(verifyCheckpoint(last()))).toBe(true);
  await run(4, memories());
  expect(told).toEqual([]);
});

test('a digit of a state of format 1 that has changed is noticed', async () => {
  await run(2);
  makeFormat1(last());
  const file = path.join(last(), 'state.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"iteration": 2', '"iteration": 1'));
  expect(thrownBy(() => readCheckpointState(last()))).toMatchObject({ code: 'checkpoint-damaged', file });
});
