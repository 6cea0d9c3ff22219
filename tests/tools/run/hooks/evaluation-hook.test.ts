import * as tf from '@tensorflow/tfjs-core';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import { loadBackend } from '../../../../detection/backend/node';
import type { Hook, Json } from '../../../../detection/engine/hooks';
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import { EvaluationHook, type EvaluationHookOptions } from '../../../../tools/run/hooks/evaluation-hook';
import { evaluationScalars } from '../../../../tools/run/hooks/evaluation-metrics';
import type { DetectorEvaluation } from '../../../../datasets/evaluation/evaluate-detector';
import { Interrupted } from '../../../../tools/terminal/interruption';
import { dataset } from '../../../datasets/evaluation/small-sets';
import { ToyModel, toyBatches } from '../../../detection/engine/toy-model';

beforeAll(() => loadBackend());
afterEach(() => jest.restoreAllMocks());

/** One cat, found exactly, and no dog. */
function evaluated(losses?: Record<string, number>): DetectorEvaluation {
  const set = dataset([{ imageId: 7, categoryId: 1, bbox: [10, 10, 20, 20] }]);
  const found = [{ image_id: 7, category_id: 1, bbox: [10, 10, 20, 20], score: 0.9 }];
  const evaluation = evaluateDetections(set, found, { iouType: 'bbox' });
  return {
    evaluation,
    tasks: {},
    dataset: set,
    detections: new Map(),
    results: found,
    meant: set.categories,
    ...(losses && { losses }),
  };
}

test('an evaluation as scalars: scores, of categories too, and losses with their sum', () => {
  const scalars = evaluationScalars(evaluated({ loss_a: 0.5, loss_b: 0.25 }));
  for (const name of ['val/AP', 'val/APs', 'val/AP/1 cat']) expect(scalars[name]).toBeCloseTo(1, 12);
  expect(scalars).toMatchObject({
    'val/APl': -1,
    'val/loss_a': 0.5,
    'val/loss_b': 0.25,
    'val/total_loss': 0.75,
  });
  // A dog that is nowhere cannot be missed.
  expect('val/AP/5 dog' in scalars).toBe(false);
  expect(Object.keys(evaluationScalars(evaluated())).filter((name) => name.includes('loss'))).toEqual([]);
});

interface Run {
  readonly every: number | null;
  readonly from?: number;
  readonly iterations?: number;
  /** Of the checkpoint that the run goes on from. */
  readonly state?: Json;
  readonly evaluate?: EvaluationHookOptions['evaluate'];
}

/** Trains up to 7; the steps that have been evaluated, and the hook. */
async function run({
  every,
  from = 0,
  iterations = 7,
  evaluate,
  state,
}: Run): Promise<{ steps: number[]; hook: EvaluationHook; names: string[] }> {
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const hook = new EvaluationHook({
    evaluate: evaluate ?? (() => Promise.resolve(evaluated({ loss_a: 0.5, loss_b: NaN }))),
    every,
    summarize: () => Promise.resolve(),
  });
  if (state !== undefined) hook.restore(state);
  const steps: number[] = [];
  const names: string[] = [];
  const look: Hook = {
    name: 'look',
    beforeTrain: (state) => void (hook.hasEvaluated(state) && steps.push(state.iteration)),
    afterStep: (state) => void (hook.hasEvaluated(state) && steps.push(state.iteration)),
    afterTrain: ({ storage }) => void names.push(...storage.scalarNames),
  };
  await train(toyBatches(from), model, {
    optimizer,
    learningRate: constant(0.01),
    iterations,
    startIteration: from,
    hooks: [hook, look],
  });
  model.dispose();
  optimizer.dispose();
  return { steps, hook, names };
}

test('evaluates every so often and at the end, and leaves out what is no number', async () => {
  let said = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true));
  const { numTensors } = tf.memory();
  const { steps, names } = await run({ every: 3 });
  expect(steps).toEqual([3, 6, 7]);
  expect(names).toEqual(expect.arrayContaining(['val/AP', 'val/loss_a']));
  expect(names).not.toContain('val/loss_b');
  expect(said).toContain('iteration 3: val/loss_b is NaN\n');
  expect((await run({ every: null })).steps).toEqual([7]);
  expect((await run({ every: 2, from: 3 })).steps).toEqual([4, 6, 7]);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('the result at the end is that of the last step, or found now, without losses', async () => {
  const asked: boolean[] = [];
  const result = evaluated();
  const evaluate = jest.fn(({ withLosses }: { withLosses: boolean }) => {
    asked.push(withLosses);
    return Promise.resolve(result);
  });
  const { hook } = await run({ every: 4, evaluate });
  expect(await hook.resultAfter(7)).toBe(result);
  expect(asked).toEqual([true, true]);
  // Of a run that was over before it began.
  const { hook: over } = await run({ every: 4, from: 7, evaluate });
  expect(await over.resultAfter(7)).toBe(result);
  expect(asked).toEqual([true, true, false]);
  evaluate.mockRejectedValueOnce(new Interrupted(''));
  expect(await over.resultAfter(7)).toBeUndefined();
});

test('an evaluation that was interrupted is done when the run goes on, before its next step', async () => {
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const interrupted = await run({
    every: 2,
    iterations: 4,
    evaluate: () => Promise.reject(new Interrupted('')),
  });
  expect([interrupted.steps, interrupted.hook.state()]).toEqual([[], 1]);
  const state = interrupted.hook.state();
  const resumed = await run({ every: 2, from: 4, state });
  expect([resumed.steps, resumed.hook.state()]).toEqual([[4, 6, 7], 7]);
  // Also where there is no next one.
  const over = await run({ every: null, iterations: 4, from: 4, state: 3 });
  expect([over.steps, over.hook.state()]).toEqual([[4], 4]);
  await expect(run({ every: 2, state: 'all' })).rejects.toThrow('it is not an iteration');
  await expect(run({ every: 2, evaluate: () => Promise.reject(new Error('broken')) })).rejects.toThrow(
    'broken',
  );
});
