import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { withLoss } from '../../../../detection/engine/with-loss';
import { crossEntropy } from '../../../../detection/modeling/examples/classifier';
import { multiLossFunction } from '../../../../detection/modeling/examples/multi-loss-function';
import {
  MultiTask,
  squaredError,
  type MultiTaskBatch,
} from '../../../../detection/modeling/examples/multi-task';
import {
  multiTaskLoss,
  separateBatch,
  separateMultiTask,
} from '../../../../detection/modeling/examples/separated-multi-task';
import { Linear } from '../../../../detection/nn/linear';
import { RandomStream } from '../../../../detection/nn/random';
import { accuracy, randomPoints } from './points';
import { expectScalarsOnly, forever, trainWithSgd, valuesOf } from './training';

const BATCH = 32;

let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** A batch in which the samples named have a side (of the diagonal), and a radius (distance from the origin). */
function batch(seed: number, sideSamples: number[], radiusSamples: number[]): MultiTaskBatch {
  const points = randomPoints(BATCH, new RandomStream(seed, 'points'));
  const samples = { sides: Int32Array.from(sideSamples), radii: Int32Array.from(radiusSamples) };
  const labels = samples.sides.map((i) => Number(points[2 * i] > points[2 * i + 1]));
  const values = Float32Array.from(samples.radii, (i) => Math.hypot(points[2 * i], points[2 * i + 1]));
  return {
    points: tf.tensor2d(points, [BATCH, 2]),
    ...(labels.length > 0 && { sides: { samples: samples.sides, labels } }),
    ...(values.length > 0 && { radii: { samples: samples.radii, values } }),
  };
}

const range = (first: number, last: number) => Array.from({ length: last - first }, (_, i) => first + i);

/** Targets for all, for some, for one task, for the other. */
const mixedBatches = () => [
  batch(1, range(0, BATCH), range(0, BATCH)),
  batch(2, range(0, 20), range(16, 28)),
  batch(3, range(4, 30), []),
  batch(4, [], range(2, 31)),
];

/** How far the radii that a model predicts are off, on average; and how many sides are right. */
function quality(model: MultiTask): { sides: number; radiusError: number } {
  const all = batch(99, range(0, BATCH), range(0, BATCH));
  const { sides, radii } = model.predict(all.points);
  all.points.dispose();
  const errors = all.radii!.values.map((radius, i) => Math.abs(radius - radii[i]));
  return {
    sides: accuracy(sides, all.sides!.labels),
    radiusError: errors.reduce((sum, error) => sum + error, 0) / BATCH,
  };
}

const newModel = () => new MultiTask(new RandomStream(1, 'initial'));
const options = { iterations: 100, learningRate: 0.1 };

describe('many optional losses', () => {
  it('are learned from batches in which tasks are missing, branching once or three times: the same bits', async () => {
    const [inside, outside] = [newModel(), newModel()];
    const batches = mixedBatches();

    await trainWithSgd(forever(batches), inside, options);
    await trainWithSgd(
      forever(batches.map(separateBatch)),
      withLoss(separateMultiTask(outside), multiTaskLoss),
      options,
    );

    expect(valuesOf(outside)).toEqual(valuesOf(inside));
    expect(quality(inside).sides).toBeGreaterThan(0.9);
    expect(quality(inside).radiusError).toBeLessThan(0.1);
    batches.forEach(({ points }) => points.dispose());
    [inside, outside].forEach((model) => model.dispose());
  });

  it('run no head that no loss wants, and no sample that has no target', () => {
    const model = newModel();
    const forward = jest.spyOn(Linear.prototype, 'forward');
    const rowsOfRadiusHead = (losses: () => object) => {
      forward.mockClear();
      tf.tidy(() => void losses());
      return forward.mock.calls.flatMap(([x], call) =>
        forward.mock.contexts[call] === model.radius ? [x.shape[0]] : [],
      );
    };
    const batches = mixedBatches();
    expect(batches.map((mixed) => rowsOfRadiusHead(() => model.losses(mixed)))).toEqual([
      [32],
      [12],
      [],
      [29],
    ]);
    batches.forEach((mixed) => expectScalarsOnly(() => model.losses(mixed)));
    forward.mockRestore();
    batches.forEach(({ points }) => points.dispose());
    model.dispose();
  });
});

describe('multiLossFunction', () => {
  const lossFunction = multiLossFunction({
    side: (logits, labels) => crossEntropy(logits as tf.Tensor2D, labels.dataSync<'int32'>()),
    radius: squaredError,
  });

  /** All that a model can return that is not told which samples have targets: everything. */
  const everything = (model: MultiTask) => ({
    forward: (points: tf.Tensor2D) => {
      const features = model.body.forward(points, { relu: true });
      return { side: model.side.forward(features), radius: model.radius.forward(features) };
    },
    namedParameters: () => model.namedParameters(),
    namedBuffers: () => model.namedBuffers(),
    randomStreams: () => model.randomStreams(),
  });

  /** Targets as tensors, without the samples that they belong to: the wrapper would have no use for those. */
  const named = ({ points, sides, radii }: MultiTaskBatch) => ({
    inputs: points,
    targets: {
      ...(sides && { side: tf.tensor1d(sides.labels, 'int32') }),
      ...(radii && { radius: tf.tensor2d(radii.values, [radii.values.length, 1]) }),
    },
  });

  it('serves batches in which every sample has every target', async () => {
    const [inside, wrapped] = [newModel(), newModel()];
    const complete = batch(1, range(0, BATCH), range(0, BATCH));
    const separated = named(complete);
    const few = { ...options, iterations: 20 };
    const losses = await trainWithSgd(forever([complete]), inside, few);
    const same = await trainWithSgd(forever([separated]), withLoss(everything(wrapped), lossFunction), few);
    for (const [name, loss] of Object.entries(losses)) expect(same[name]).toBeCloseTo(loss, 6);
    tf.dispose([complete.points, separated.targets]);
    [inside, wrapped].forEach((model) => model.dispose());
  });

  it('stops at a batch that has no targets for a task', () => {
    const model = newModel();
    const mixed = batch(3, range(0, BATCH), []);
    const wrapped = withLoss(everything(model), lossFunction);
    expect(() => tf.tidy(() => void wrapped.losses(named(mixed)))).toThrow(
      'the batch has no targets for task radius',
    );
    mixed.points.dispose();
    model.dispose();
  });

  it('cannot tell which samples targets belong to: it fails, or learns something else without a word', async () => {
    const gently = { iterations: 150, learningRate: 0.02 };
    const some = batch(1, range(0, BATCH), range(2, 31));
    const [inside, wrapped] = [newModel(), newModel()];
    const separated = withLoss(everything(wrapped), lossFunction);
    expect(() => tf.tidy(() => void separated.losses(named(some)))).toThrow(/shape/i);

    // One target a batch goes with every output.
    const single = range(0, 64).map((seed) => batch(seed, range(0, BATCH), [seed % BATCH]));
    const pairs = single.map(named);
    const losses = await trainWithSgd(forever(single), inside, gently);
    const wrongLosses = await trainWithSgd(forever(pairs), separated, gently);

    expect(Object.keys(wrongLosses)).toEqual(Object.keys(losses));
    expect(wrongLosses['loss_radius']).toBeLessThan(0.5);
    expect(quality(wrapped).sides).toBeGreaterThan(0.9);
    expect(quality(inside).radiusError).toBeLessThan(0.15);
    expect(quality(wrapped).radiusError).toBeGreaterThan(0.2);
    tf.dispose([some, ...single].map(({ points }) => points));
    tf.dispose(pairs.map(({ targets }) => targets));
    [inside, wrapped].forEach((model) => model.dispose());
  });
});
