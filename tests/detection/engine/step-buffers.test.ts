import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { Model } from '../../../detection/modeling/examples/model';
import { Conv2d } from '../../../detection/nn/convolution';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { BatchNorm } from '../../../detection/nn/normalization';
import { RandomStream } from '../../../detection/nn/random';
import type { Losses } from '../../../detection/nn/trainable';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

interface Batch {
  /** [2, 4, 4, 3] */
  readonly pixels: Float32Array;
  /** Whether the layer that only some batches go through is one of this batch's. */
  readonly isDeep?: boolean;
  readonly fault?: 'throws' | 'diverges';
}

const MOMENTUM = 0.1;

/** Two layers with batch normalization, and statistics that nobody writes. */
class Normalized extends Model<Batch, Float32Array, number> {
  readonly convolution: Conv2d;
  readonly norms: readonly BatchNorm[];
  readonly idle = this.buffer('idle.running_mean', tf.tensor1d([1, 2, 3]));
  /** The means of the batch, as the first layer has them, of each forward. */
  readonly draws: number[] = [];
  private readonly random = this.stream(new RandomStream(3, 'draws'));

  constructor() {
    super();
    const random = new RandomStream(2, 'initial');
    const filters = Float32Array.from({ length: 12 }, () => random.normal());
    this.convolution = this.child('conv', new Conv2d(tf.tensor4d(filters, [1, 1, 3, 4]), undefined));
    this.norms = [0, 1].map((k) => this.child(`bn${k}`, new BatchNorm(4, 1e-5, MOMENTUM)));
  }

  losses({ pixels, isDeep, fault }: Batch): Losses {
    this.draws.push(this.random.uniform());
    const x = tf.tensor4d(pixels, [2, 4, 4, 3]);
    let y = this.norms[0].afterConvolution(this.convolution, x);
    if (isDeep) y = tf.add(y, this.norms[1].afterConvolution(this.convolution, x));
    if (fault === 'throws') throw new Error('broken forward');
    return { loss: tf.mul(tf.mean(tf.square(tf.sub(y, 1))), fault === 'diverges' ? NaN : 1) };
  }

  predict(): number {
    return NaN;
  }

  statistics(): Record<string, number[]> {
    return Object.fromEntries(
      [...this.namedBuffers()].map(([name, { value }]) => [name, [...value.dataSync()]]),
    );
  }
}

function batchOf(id: number, more: Omit<Batch, 'pixels'> = {}): Batch {
  const random = new RandomStream(id, 'batch');
  return { pixels: Float32Array.from({ length: 96 }, () => random.normal() + id), ...more };
}

/** Steps of a model; its statistics and draws. */
async function learn(batches: readonly Batch[], accumulate: number, model = new Normalized()) {
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const learningRate = constant(0);
  try {
    await train(batches, model, { optimizer, learningRate, iterations: 100, accumulate });
    return { statistics: model.statistics(), draws: model.draws };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Of one step of one batch. */
const statisticsOf = async (batch: Batch) => (await learn([batch], 1)).statistics;
const mean = (lists: readonly (readonly number[])[]): number[] =>
  lists[0].map((_, k) => lists.reduce((sum, list) => sum + list[k], 0) / lists.length);

test.each([2, 3, 5])('the statistics of a step of %d batches move by their mean, once', async (k) => {
  const batches = Array.from({ length: k }, (_, id) => batchOf(id));
  const { statistics } = await learn(batches, k);
  const each = await Promise.all(batches.map(statisticsOf));
  for (const [name, start] of [
    ['bn0.running_mean', 0],
    ['bn0.running_var', 1],
  ] as const) {
    // What the batches' own statistics are, by what one step of each makes of the running ones.
    const ofBatches = each.map((one) =>
      one[name].map((value) => (value - (1 - MOMENTUM) * start) / MOMENTUM),
    );
    const expected = mean(ofBatches).map((value) => (1 - MOMENTUM) * start + MOMENTUM * value);
    expected.forEach((value, i) => expect(statistics[name][i]).toBeCloseTo(value, 5));
  }
  expect(statistics['bn0.num_batches_tracked']).toEqual([1]);
  expect([statistics['bn1.running_mean'], statistics['bn1.num_batches_tracked']]).toEqual([
    [0, 0, 0, 0],
    [0],
  ]);
});

test('steps follow each other: of two steps of two batches the second moves what the first has made', async () => {
  const [a, b] = [
    [batchOf(1), batchOf(2)],
    [batchOf(3), batchOf(4)],
  ];
  const { statistics } = await learn([...a, ...b], 2);
  const alone = await Promise.all([a, b].map((batches) => learn(batches, 2)));
  const [first, second] = alone.map((one) => one.statistics['bn0.running_mean']);
  // From 0, second = m * mean of its batches.
  first.forEach((value, i) =>
    expect(statistics['bn0.running_mean'][i]).toBeCloseTo((1 - MOMENTUM) * value + second[i], 5),
  );
  expect(statistics['bn0.num_batches_tracked']).toEqual([2]);
});

test.each([
  ['first', [true, false, false]],
  ['last', [false, false, true]],
  ['all but the first', [false, true, true]],
] as const)(
  'what only the %s of three batches write moves by what these are of the mean',
  async (_, isDeep) => {
    const batches = isDeep.map((deep, id) => batchOf(id, { isDeep: deep }));
    const { statistics } = await learn(batches, 3);
    const each = await Promise.all(batches.map(statisticsOf));
    for (const name of ['bn1.running_mean', 'bn1.running_var']) {
      mean(each.map((one) => one[name])).forEach((value, i) =>
        expect(statistics[name][i]).toBeCloseTo(value, 5),
      );
    }
    expect(statistics['bn1.num_batches_tracked']).toEqual([1]);
  },
);

test('one batch a step leaves what its forward has made, to the bit; so do two that are the same', async () => {
  const model = new Normalized();
  const { losses, gradients } = lossesAndGradients(() => model.losses(batchOf(1)), model.namedParameters());
  tf.dispose([losses, [...gradients.values()]]);
  const expected = model.statistics();
  model.dispose();
  expect(await statisticsOf(batchOf(1))).toEqual(expected);
  expect((await learn([batchOf(1), batchOf(1)], 2)).statistics).toEqual(expected);
});

test('what a batch draws at random goes by its number in the run, whatever the steps are', async () => {
  const batches = Array.from({ length: 12 }, (_, id) => batchOf(id));
  const { draws } = await learn(batches, 1);
  expect(new Set(draws).size).toBe(12);
  for (const accumulate of [2, 3, 12]) expect((await learn(batches, accumulate)).draws).toEqual(draws);
  const first = new RandomStream(3, 'draws/0');
  expect(draws[0]).toBe(first.uniform());
});

test.each([
  ['throws', 'broken forward'],
  ['diverges', 'diverged'],
] as const)('a step of which one batch %s gives the buffers back', async (fault, message) => {
  for (const place of [0, 1, 2]) {
    const batches = [0, 1, 2].map((id) => batchOf(id, id === place ? { fault } : {}));
    const model = new Normalized();
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
    const before = model.statistics();
    const options = { optimizer, learningRate: constant(0), iterations: 1, accumulate: 3 };
    await expect(train(batches, model, options)).rejects.toThrow(message);
    expect(model.statistics()).toEqual(before);
    // Nor does one that the end of the data cuts short.
    await train([batchOf(1), batchOf(2)], model, options);
    expect(model.statistics()).toEqual(before);
    optimizer.dispose();
    model.dispose();
  }
});

test('a buffer that nobody writes keeps its memory', async () => {
  const model = new Normalized();
  const { dataId } = model.idle.variable;
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const options = { optimizer, learningRate: constant(0.01), iterations: 1, accumulate: 2 };
  await train([batchOf(1), batchOf(2)], model, options);
  expect(model.idle.variable.dataId).toBe(dataId);
  optimizer.dispose();
  model.dispose();
});
