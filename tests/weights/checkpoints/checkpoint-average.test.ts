import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { WeightAverage } from '../../../detection/engine/weight-average';
import {
  loadCheckpoint,
  saveCheckpoint,
  verifyCheckpoint,
  weightsFile,
} from '../../../weights/checkpoints/checkpoint';
import { rollBack } from '../../../weights/checkpoints/rollback';
import { readSafetensors } from '../../../weights/formats/safetensors-file';
import { loadStateDict } from '../../../weights/state-dict';
import { ToyModel, toyBatches, valuesOf } from '../../detection/engine/toy-model';
import { thrownBy } from '../../thrown';

const WARMUP = 3;
let tensorsBefore: number;
let folder: string;
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  folder = mkdtempSync(path.join(tmpdir(), 'average-'));
  mkdirSync(path.join(folder, 'checkpoints'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** A model in training, with its average. */
class Trainee {
  readonly model: ToyModel;
  readonly optimizer: Sgd;
  readonly average: WeightAverage;
  private iteration = 0;

  constructor(seed = 1) {
    this.model = new ToyModel(seed);
    this.optimizer = new Sgd(this.model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
    this.average = new WeightAverage(this.model, { decay: 0.8, warmup: WARMUP });
  }

  async train(iterations: number): Promise<void> {
    const { model, optimizer, average } = this;
    const hooks = [average];
    const options = {
      optimizer,
      learningRate: constant(0.1),
      iterations,
      startIteration: this.iteration,
      hooks,
    };
    await train(toyBatches(this.iteration), model, options);
    this.iteration = iterations;
  }

  save(more: { isExtra?: boolean } = {}): string {
    const name = path.join(folder, 'checkpoints', String(this.iteration).padStart(7, '0'));
    saveCheckpoint(name, this, { iteration: this.iteration, hooks: {}, metrics: {}, metadata: {}, ...more });
    return name;
  }

  load(checkpoint: string): void {
    this.iteration = loadCheckpoint(checkpoint, this).iteration;
  }

  get values() {
    return { own: valuesOf(this.model), averaged: this.average.duringSync(() => valuesOf(this.model)) };
  }

  dispose(): void {
    for (const part of [this.model, this.optimizer, this.average]) part.dispose();
  }
}

it.each([1, WARMUP, WARMUP + 1, WARMUP + 3])('a run goes on from iteration %d to the bit', async (stop) => {
  const [straight, first, second] = [new Trainee(), new Trainee(), new Trainee(9)];
  await straight.train(9);
  await first.train(stop);
  second.load(first.save());
  expect(second.values).toEqual(first.values);
  await second.train(9);
  expect(second.values).toEqual(straight.values);
  expect(straight.values.averaged['fc.weight']).not.toEqual(straight.values.own['fc.weight']);
  for (const trainee of [straight, first, second]) trainee.dispose();
});

it('a checkpoint gives its averages to whoever wants weights, and says when what it goes on with is damaged', async () => {
  const trainee = new Trainee();
  await trainee.train(6);
  const checkpoint = trainee.save();
  expect(readdirSync(checkpoint).sort()).toEqual([
    'model.safetensors',
    'optimizer.safetensors',
    'state.json',
    'unaveraged.safetensors',
  ]);
  const user = new ToyModel(5);
  loadStateDict(user, checkpoint, readSafetensors(weightsFile(checkpoint)).tensors);
  expect(valuesOf(user)).toEqual(trainee.values.averaged);
  loadStateDict(user, checkpoint, readSafetensors(path.join(checkpoint, 'unaveraged.safetensors')).tensors);
  expect(valuesOf(user)).toEqual(trainee.values.own);

  const before = trainee.values;
  writeFileSync(path.join(checkpoint, 'unaveraged.safetensors'), 'x');
  const fault = { code: 'checkpoint-damaged', file: path.join(checkpoint, 'unaveraged.safetensors') };
  expect(thrownBy(() => verifyCheckpoint(checkpoint))).toMatchObject(fault);
  expect(thrownBy(() => trainee.load(checkpoint))).toMatchObject(fault);
  expect(trainee.values).toEqual(before);
  user.dispose();
  trainee.dispose();
});

describe('rollBack', () => {
  /** Checkpoints of 2, 4, 5 (where somebody stopped the run) and 6 steps; the run has done 7. */
  async function makeRun() {
    const trainee = new Trainee();
    const states = new Map<number, Trainee['values']>();
    for (const iteration of [2, 4, 5, 6]) {
      await trainee.train(iteration);
      trainee.save(iteration === 5 ? { isExtra: true } : {});
      states.set(iteration, trainee.values);
    }
    await trainee.train(7);
    const told: string[] = [];
    const back = (diverged: number[], done = 7) =>
      rollBack(folder, done, diverged, trainee, (line) => told.push(line));
    return { trainee, states, back, told };
  }

  it('goes to the last checkpoint that was due, further back where that was in vain, and gives up', async () => {
    const { trainee, states, back, told } = await makeRun();
    expect(back([1, 3])).toBe(6);
    expect(trainee.values).toEqual(states.get(6));
    expect(back([1, 3, 7])).toBe(4);
    expect(trainee.values).toEqual(states.get(4));
    expect(back([7, 8])).toBe(2);
    expect(trainee.values).toEqual(states.get(2));
    expect(back([7, 8, 9])).toBeUndefined();
    expect(trainee.values).toEqual(states.get(2));
    expect(back([], 5)).toBe(4);
    expect(told).toEqual([]);
    trainee.dispose();
  });

  it('passes over what is damaged; takes what a stop has left where there is nothing else', async () => {
    const { trainee, states, back, told } = await makeRun();
    writeFileSync(path.join(folder, 'checkpoints', '0000006', 'optimizer.safetensors'), 'x');
    expect(back([])).toBe(4);
    expect(trainee.values).toEqual(states.get(4));
    expect(told.splice(0)).toEqual([
      expect.stringMatching(/0000006\/optimizer\.safetensors: is damaged.*; using the checkpoint before it/),
    ]);
    // What is damaged is none to go back to, and counts for none.
    expect(back([7])).toBe(2);
    for (const name of ['0000002', '0000004', '0000006']) {
      rmSync(path.join(folder, 'checkpoints', name), { recursive: true });
    }
    expect(back([])).toBe(5);
    rmSync(path.join(folder, 'checkpoints', '0000005'), { recursive: true });
    expect(back([])).toBeUndefined();
    trainee.dispose();
  });
});
