import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { DivergenceError } from '../../../detection/engine/divergence-error';
import type { Hook, TrainingState } from '../../../detection/engine/hooks';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { summary } from '../../../detection/events/summary';
import { train, type TrainingOptions } from '../../../detection/engine/train';
import type { Losses, Trainable } from '../../../detection/nn/trainable';
import { withLoss } from '../../../detection/engine/with-loss';
import { ToyModel, toyBatch, toyBatches, valuesOf, type ToyBatch } from './toy-model';

let model: ToyModel;
let optimizer: Sgd;
let options: TrainingOptions<ToyBatch>;
let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  model = new ToyModel();
  optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  options = { optimizer, learningRate: constant(0.05), iterations: 5 };
});
afterEach(() => {
  jest.restoreAllMocks();
  model.dispose();
  optimizer.dispose();
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** The toy model with other losses. */
const toyWith = (losses: (batch: ToyBatch) => Losses): Trainable<ToyBatch> => ({
  losses,
  namedParameters: () => model.namedParameters(),
  namedBuffers: () => model.namedBuffers(),
  randomStreams: () => model.randomStreams(),
});

async function* oneByOne<T>(items: Iterable<T>): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

describe('train', () => {
  it('minimizes the sum of the losses', async () => {
    const batch = toyBatch(0);
    const before = model.predict(batch.pixels);
    const result = await train([batch, batch, batch, batch, batch, batch], model, options);
    expect(result).toMatchObject({ iteration: 5, interrupted: false });
    expect(Object.keys(result.losses)).toEqual(['loss_value', 'loss_size']);
    const error = (prediction: number) => Math.abs(prediction - batch.target);
    expect(error(model.predict(batch.pixels))).toBeLessThan(0.8 * error(before));
  });

  it("leaves no tensor behind but the optimizer's memory", async () => {
    await train(toyBatches(), model, { ...options, iterations: 1 });
    const afterOne = tf.memory().numTensors;
    await train(toyBatches(), model, options);
    expect(tf.memory().numTensors).toBe(afterOne);
  });

  it('takes batches from asynchronous data, and asks for no batch too many', async () => {
    const asked: number[] = [];
    let closed = false;
    function* data() {
      try {
        for (const batch of toyBatches()) {
          asked.push(batch.id);
          yield batch;
        }
      } finally {
        closed = true;
      }
    }
    await train(oneByOne(data()), model, options);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    expect(closed).toBe(true);
    await train(data(), model, { ...options, startIteration: 5 });
    expect(asked).toHaveLength(5);
  });

  it('ends with the data', async () => {
    const result = await train([toyBatch(0), toyBatch(1)], model, options);
    expect(result).toMatchObject({ iteration: 2, interrupted: false });
  });

  it('gives the schedule steps from 0, a resumed run later ones', async () => {
    const steps: number[] = [];
    const learningRate = (step: number) => steps.push(step) * 0;
    await train(toyBatches(), model, { ...options, learningRate, iterations: 3 });
    await train(toyBatches(), model, { ...options, learningRate, startIteration: 7, iterations: 9 });
    expect(steps).toEqual([0, 1, 2, 7, 8]);
  });

  it('does not touch frozen parameters', async () => {
    for (const [name, parameter] of model.namedParameters()) parameter.trainable = name === 'head.weight';
    const before = valuesOf(model);
    await train(toyBatches(), model, options);
    const after = valuesOf(model);
    expect(after['conv.weight']).toEqual(before['conv.weight']);
    expect(after['fc.weight']).toEqual(before['fc.weight']);
    expect(after['head.weight']).not.toEqual(before['head.weight']);
  });

  it('calls hooks in order, after-train also when training fails', async () => {
    const calls: string[] = [];
    const hook = (name: string): Hook => ({
      name,
      beforeTrain: (state) => void calls.push(`${name} beforeTrain ${state.iteration}`),
      beforeStep: (state) => void calls.push(`${name} beforeStep ${state.iteration}`),
      afterStep: (state) => void calls.push(`${name} afterStep ${state.iteration}`),
      afterTrain: (state) => void calls.push(`${name} afterTrain ${state.iteration} ${state.outcome}`),
    });
    await train(toyBatches(), model, { ...options, iterations: 1, hooks: [hook('a'), hook('b')] });
    expect(calls.splice(0)).toEqual([
      'a beforeTrain 0',
      'b beforeTrain 0',
      'a beforeStep 0',
      'b beforeStep 0',
      'a afterStep 1',
      'b afterStep 1',
      'a afterTrain 1 completed',
      'b afterTrain 1 completed',
    ]);
    const failing = toyWith(() => {
      tf.scalar(1);
      throw new Error('broken forward');
    });
    await expect(train(toyBatches(), failing, { ...options, hooks: [hook('a')] })).rejects.toThrow(
      'broken forward',
    );
    expect(calls).toEqual(['a beforeTrain 0', 'a beforeStep 0', 'a afterTrain 0 failed']);
  });

  it('refuses hooks that have one name, before anything is done', async () => {
    const calls: string[] = [];
    const hooks = ['a', 'b', 'a'].map((name) => ({ name, beforeTrain: () => void calls.push(name) }));
    await expect(train(toyBatches(), model, { ...options, hooks })).rejects.toThrow(
      'two hooks of the run have the name "a"',
    );
    expect(calls).toEqual([]);
  });

  it('shows each hook all of them', async () => {
    const seen: string[][] = [];
    const look: Hook = {
      name: 'a',
      afterTrain: (state) => void seen.push(state.hooks.map(({ name }) => name)),
    };
    await train(toyBatches(), model, { ...options, iterations: 1, hooks: [look, { name: 'b' }] });
    expect(seen).toEqual([['a', 'b']]);
  });

  it('keeps numbers that the model tells, and its own', async () => {
    let storage: TrainingState['storage'] | undefined;
    const hooks: Hook[] = [{ name: 'look', afterTrain: (state) => void (storage = state.storage) }];
    await train(toyBatches(), model, { ...options, hooks });
    expect([...storage!.scalarNames]).toEqual([
      'toy/noise',
      'lr',
      'loss_value',
      'loss_size',
      'total_loss',
      'gradient_norm',
      'data_seconds',
      'seconds',
    ]);
    expect(storage!.history('toy/noise').map((event) => event.iteration)).toEqual([1, 2, 3, 4, 5]);
    const [value, size, total] = ['loss_value', 'loss_size', 'total_loss'].map(
      (n) => storage!.latest(n)!.value,
    );
    expect(total).toBe(value + size);
    expect(storage!.lossNames).toEqual(['loss_value', 'loss_size']);
    summary.scalar('toy/noise', 1);
    expect(storage!.history('toy/noise')).toHaveLength(5);
  });

  it('tells how long a step was waiting for its batches, and how long it took with that', async () => {
    let clock = 5000;
    jest.spyOn(performance, 'now').mockImplementation(() => clock);
    const data = (function* () {
      for (const batch of toyBatches()) {
        clock += 300;
        yield batch;
      }
    })();
    const slow = toyWith((batch) => {
      clock += 1000;
      return model.losses(batch);
    });
    const told: unknown[] = [];
    const hook: Hook = {
      name: 'evaluate',
      afterStep: ({ storage }) => {
        clock += 70_000; // an evaluation, say
        told.push(['data_seconds', 'seconds'].map((name) => storage.latest(name)!.value));
      },
    };
    await train(data, slow, { ...options, iterations: 2, accumulate: 2, hooks: [hook] });
    expect(told).toEqual([
      [0.6, 2.6],
      [0.6, 2.6],
    ]);
  });

  it('stops at a loss that is not finite, before it updates anything', async () => {
    const diverging = toyWith((batch) => {
      const losses = model.losses(batch);
      return batch.id < 2 ? losses : { ...losses, loss_size: tf.div(losses['loss_size'], 0) };
    });
    let before: Record<string, number[]> = {};
    const hooks: Hook[] = [{ name: 'look', beforeStep: () => void (before = valuesOf(model)) }];
    const describeBatch = (batch: ToyBatch) => `image ${batch.id}`;
    const error: unknown = await train(toyBatches(), diverging, { ...options, hooks, describeBatch }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(DivergenceError);
    const { step, message } = error as DivergenceError;
    const { iteration, losses, batch } = step;
    expect([iteration, batch]).toEqual([3, 'image 2']);
    expect(losses['loss_size']).toBe(Infinity);
    expect(losses['loss_value']).toBeGreaterThan(0);
    expect(message).toMatch(
      /iteration 3: loss_value [\d.]+, loss_size Infinity \(learning rate 0\.05; batch: image 2\)\. 3 of 3 gradients are/,
    );
    expect(valuesOf(model)).toEqual(before);
  });

  it('finds gradients that are not finite where the losses are', async () => {
    // The root of 0 is 0, and infinitely steep.
    const diverging = toyWith((batch) => {
      const losses = model.losses(batch);
      return { ...losses, loss_root: tf.sqrt(tf.mul<tf.Scalar>(losses['loss_size'], 0)) };
    });
    const before = valuesOf(model);
    const run = train(toyBatches(), diverging, options);
    await expect(run).rejects.toThrow(
      /iteration 1: .* loss_root 0 \(learning rate 0\.05\)\. 3 of 3 gradients are not finite: conv\.weight NaN, fc/,
    );
    expect(valuesOf(model)).toEqual(before);
  });

  it('goes on after a step that diverged, as if the model had never seen it, where it is told to', async () => {
    const twin = new ToyModel();
    const twinOptimizer = new Sgd(twin.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
    const twinOptions = { ...options, optimizer: twinOptimizer };
    await train([toyBatch(0)], twin, twinOptions);
    await train([toyBatch(2)], twin, { ...twinOptions, startIteration: 2 });
    const expected = valuesOf(twin);
    twin.dispose();
    twinOptimizer.dispose();

    const diverging = toyWith((batch) => {
      const losses = model.losses(batch);
      return batch.id === 1 ? { ...losses, loss_size: tf.scalar(NaN) } : losses;
    });
    const met: [number, number][] = [];
    const onDivergence = ({ step }: DivergenceError, { iteration }: TrainingState) =>
      void met.push([step.iteration, iteration]);
    const batches = [toyBatch(0), toyBatch(1), toyBatch(2)];
    const { iteration } = await train(batches, diverging, { ...options, onDivergence });
    expect(iteration).toBe(3);
    expect(met).toEqual([[2, 1]]);
    expect(valuesOf(model)).toEqual(expected);
  });

  it('refuses a model without losses', async () => {
    await expect(
      train(
        toyBatches(),
        toyWith(() => ({})),
        options,
      ),
    ).rejects.toThrow('no losses');
  });

  it('stops after the step under way when asked to, also with data that never waits', async () => {
    const abort = new AbortController();
    setImmediate(() => abort.abort());
    const outcomes: string[] = [];
    const hooks: Hook[] = [{ name: 'look', afterTrain: ({ outcome }) => void outcomes.push(outcome) }];
    const result = await train(toyBatches(), model, {
      ...options,
      iterations: 10_000,
      signal: abort.signal,
      hooks,
    });
    expect(result.interrupted).toBe(true);
    expect(result.iteration).toBeGreaterThan(0);
    expect(result.iteration).toBeLessThan(10_000);
    const none = await train(toyBatches(), model, { ...options, signal: abort.signal });
    expect(none).toEqual({ iteration: 0, interrupted: true, losses: {} });
    expect(outcomes).toEqual(['interrupted']);
  });
});

describe('withLoss', () => {
  it('trainBad(data, model, lossFunction), given the identity, is train(data, model): the same bits', async () => {
    const trainBad = <Inputs, Targets, Outputs>(
      data: Iterable<{ inputs: Inputs; targets: Targets }>,
      separated: Parameters<typeof withLoss<Inputs, Targets, Outputs>>[0],
      lossFunction: (outputs: Outputs, targets: Targets) => Losses,
    ) => train(data, withLoss(separated, lossFunction), { ...options, describeBatch: undefined });

    const twin = new ToyModel();
    const forwardGivesLosses = {
      forward: (batch: ToyBatch) => model.losses(batch),
      namedParameters: () => model.namedParameters(),
      namedBuffers: () => model.namedBuffers(),
      randomStreams: () => model.randomStreams(),
    };
    function* pairs() {
      for (const batch of toyBatches()) yield { inputs: batch, targets: undefined };
    }
    const bad = await trainBad(pairs(), forwardGivesLosses, (losses: Losses) => losses);

    const twinOptimizer = new Sgd(twin.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
    const good = await train(toyBatches(), twin, { ...options, optimizer: twinOptimizer });
    expect(good).toEqual(bad);
    expect(valuesOf(twin)).toEqual(valuesOf(model));
    twin.dispose();
    twinOptimizer.dispose();
  });

  it('hands the loss function the outputs and the targets', async () => {
    const seen: [number, string][] = [];
    const separated = withLoss(
      { ...toyWith(() => ({})), forward: (inputs: ToyBatch) => model.losses(inputs)['loss_value'] },
      (outputs: tf.Scalar, targets: string) => {
        seen.push([outputs.dataSync()[0], targets]);
        return { loss: outputs };
      },
    );
    const data = [{ inputs: toyBatch(0), targets: 'target' }];
    const { losses } = await train(data, separated, { ...options, describeBatch: undefined });
    expect(seen).toEqual([[losses['loss'], 'target']]);
  });
});
