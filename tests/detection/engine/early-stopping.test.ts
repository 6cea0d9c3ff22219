import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { EarlyStopping, type EarlyStoppingOptions } from '../../../detection/engine/early-stopping';
import type { Hook, Json } from '../../../detection/engine/hooks';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { ToyModel, toyBatches } from './toy-model';

beforeAll(() => loadBackend());

interface Outcome {
  readonly iteration: number;
  readonly outcome: string;
  readonly stopping: EarlyStopping;
}

/** Trains for 12 steps at most; every second one is evaluated, with these values. */
async function run(
  values: readonly (number | undefined)[],
  options: Partial<EarlyStoppingOptions>,
  { from = 0, iterations = 12, state }: { from?: number; iterations?: number; state?: Json } = {},
): Promise<Outcome> {
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const stopping = new EarlyStopping({
    metric: { name: 'AP', better: 'higher' },
    patience: 2,
    minDelta: 0,
    isEvaluated: ({ iteration, storage }) =>
      iteration > 0 && storage.iteration === iteration && iteration % 2 === 0,
    ...options,
  });
  if (state !== undefined) stopping.restore(state);
  let outcome = '';
  const evaluate: Hook = {
    name: 'evaluate',
    afterStep: ({ iteration, storage }) => {
      const value = iteration % 2 === 0 ? values[iteration / 2 - 1] : undefined;
      if (value !== undefined) storage.scalar('AP', value);
    },
    afterTrain: (state) => void (outcome = state.outcome),
  };
  try {
    const { iteration, interrupted } = await train(toyBatches(from), model, {
      optimizer,
      learningRate: constant(0.01),
      iterations,
      startIteration: from,
      hooks: [evaluate, stopping],
    });
    expect(interrupted).toBe(false);
    return { iteration, outcome, stopping };
  } finally {
    model.dispose();
    optimizer.dispose();
  }
}

test.each<[string, (number | undefined)[], Partial<EarlyStoppingOptions>, number]>([
  ['stops when the patience is over', [0.1, 0.3, 0.2, 0.3, 0.9], {}, 8],
  ['begins to count anew with each improvement', [0.1, 0.05, 0.2, 0.15, 0.3, 0.1], {}, 12],
  [
    'takes lower values where they are better',
    [5, 4, 4.5, 4.2, 1],
    { metric: { name: 'AP', better: 'lower' } },
    8,
  ],
  ['asks for an improvement by more than minDelta', [0.1, 0.14, 0.15, 0.9], { minDelta: 0.05 }, 6],
  [
    'asks for it of lower values too',
    [5, 4.96, 4.95, 1],
    { metric: { name: 'AP', better: 'lower' }, minDelta: 0.05 },
    6,
  ],
  ['counts NaN and what was not measured', [0.1, NaN, undefined, 0.9], {}, 6],
  ['stops where nothing is ever measured', [undefined, NaN], {}, 4],
  ['never stops without patience', [0.5, 0.4, 0.3, 0.2, 0.1, 0], { patience: null }, 12],
])('%s', async (_, values, options, expected) => {
  const { numTensors } = tf.memory();
  const { iteration, outcome, stopping } = await run(values, options);
  expect([iteration, outcome]).toEqual([expected, 'completed']);
  expect(stopping.reason !== undefined).toBe(expected < 12);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('says why', async () => {
  const { stopping } = await run([0.1, 0.3123456, 0.2, 0.3, 0.9], { minDelta: 0.01 });
  expect(stopping.reason).toBe(
    '2 evaluations without a AP better than 0.3123 of iteration 4, by more than 0.01',
  );
  expect((await run([NaN], { patience: 1 })).stopping.reason).toBe('1 evaluation without AP');
});

test('goes on to the same decision, wherever it was stopped', async () => {
  const values = [0.1, 0.05, 0.2, 0.15, 0.1, 0.3];
  for (let cut = 1; cut < 10; cut++) {
    const first = await run(values, {}, { iterations: cut });
    expect(first.iteration).toBe(cut);
    const state = JSON.parse(JSON.stringify(first.stopping.state())) as Json;
    expect((await run(values, {}, { from: cut, state })).iteration).toBe(10);
  }
  const state = (await run(values, {})).stopping.state();
  expect(state).toEqual({ best: { value: 0.2, iteration: 6 }, evaluationsSince: 2 });
  const over = await run(values, {}, { from: 10, state });
  expect([over.iteration, over.outcome]).toEqual([10, 'completed']);
  // With more patience it goes on.
  expect((await run(values, { patience: 3 }, { from: 10, state })).iteration).toBe(12);
});

test.each<[Json]>([
  [null],
  [[]],
  ['best'],
  [{ best: 1, evaluationsSince: 0 }],
  [{ best: { value: 1 }, evaluationsSince: 0 }],
  [{ best: null, evaluationsSince: -1 }],
  [{ best: null }],
])('takes nothing back but its own: not %j', (state) => {
  const metric = { name: 'AP', better: 'higher' } as const;
  const stopping = new EarlyStopping({ metric, patience: 2, minDelta: 0, isEvaluated: () => true });
  const before = stopping.state();
  expect(() => stopping.restore(state)).toThrow('it lacks the best evaluation');
  expect(stopping.state()).toEqual(before);
});
