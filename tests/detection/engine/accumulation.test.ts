import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { clipByGlobalNorm } from '../../../detection/engine/gradient-clipping';
import type { Hook } from '../../../detection/engine/hooks';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train, type TrainingOptions } from '../../../detection/engine/train';
import type { Losses } from '../../../detection/nn/trainable';
import { MultiTask, type MultiTaskBatch } from '../../../detection/modeling/examples/multi-task';
import { Model } from '../../../detection/modeling/examples/model';
import { RandomStream } from '../../../detection/nn/random';
import { asLoaded } from '../modeling/as-loaded';
import { FrozenBatchNorm } from '../../../detection/nn/normalization';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { buildSmallDetector, smallBatch } from '../modeling/separated/small-detector';
import { toyBatch, ToyModel, toyBatches, valuesOf, type ToyBatch } from './toy-model';

let tensorsBefore: number;
beforeAll(() => loadBackend());
beforeEach(() => (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** y = w . x + b, with the mean over the examples of a batch as its loss. */
class LinearModel extends Model<number[][], number[], number> {
  private readonly weight = this.parameter('weight', tf.tensor2d([[0.5], [-0.25], [1]]));
  private readonly bias = this.parameter('bias', tf.tensor1d([0.1]));

  losses(batch: number[][]): Losses {
    const x = tf.tensor2d(batch.map((example) => example.slice(0, 3)));
    const y = tf.tensor2d(batch.map((example) => [example[3]]));
    const output = tf.add(tf.matMul(x, this.weight.value), this.bias.value);
    return { loss: tf.mean(tf.square(tf.sub(output, y))), loss_size: tf.mean(tf.abs(output)) };
  }

  predict(): number {
    return NaN;
  }
}

type Run = { losses: number[]; norms: number[]; values: number[] };

async function runLinear(batchSize: number, accumulate: number): Promise<Run> {
  const random = new RandomStream(3, 'examples');
  const examples = Array.from({ length: 48 }, () => Array.from({ length: 4 }, () => random.normal()));
  const batches = Array.from({ length: 48 / batchSize }, (_, k) =>
    examples.slice(k * batchSize, (k + 1) * batchSize),
  );
  const model = new LinearModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-3 });
  const [losses, norms]: [number[], number[]] = [[], []];
  const hook: Hook = {
    name: 'observe',
    afterStep: ({ storage }) => {
      losses.push(storage.latest('total_loss')!.value);
      norms.push(storage.latest('gradient_norm')!.value);
    },
  };
  const options = {
    optimizer,
    learningRate: constant(0.05),
    clipGradients: clipByGlobalNorm(1),
    hooks: [hook],
  };
  const { iteration } = await train(batches, model, { ...options, iterations: 100, accumulate });
  expect(iteration).toBe(6);
  const values = [...model.namedParameters()].flatMap(([, { value }]) => [...value.dataSync()]);
  optimizer.dispose();
  model.dispose();
  return { losses, norms, values };
}

it.each([2, 4, 8])(
  '%d batches of equal size are one large batch where losses are means over images',
  async (n) => {
    const large = await runLinear(8, 1);
    const small = await runLinear(8 / n, n);
    expect(large.norms.some((norm) => norm > 1)).toBe(true); // clipped, the large one and the many alike
    for (const key of ['losses', 'norms', 'values'] as const) {
      expect(small[key]).toHaveLength(large[key].length);
      small[key].forEach((value, k) => expect(Math.abs(value - large[key][k])).toBeLessThan(1e-6));
    }
  },
);

it('a detector learns from images one by one what it learns from a batch of them, of the same samples', async () => {
  const whole = smallBatch(1);
  const single = whole.targets.map((target, k): DetectionBatch => {
    const { tensor, sizes, originalSizes } = whole.images;
    return {
      images: {
        tensor: tf.slice(tensor, [k, 0, 0, 0], [1, -1, -1, -1]),
        sizes: [sizes[k]],
        originalSizes: [originalSizes[k]],
      },
      targets: [target],
      imageIds: [whole.imageIds[k]],
    };
  });
  const gradientsOf = async (batches: DetectionBatch[]) => {
    const model = asLoaded(buildSmallDetector(5, 'in-forward', (channels) => new FrozenBatchNorm(channels)));
    // Draws go by the number of the batch, of which there are more: here all come from streams that go on.
    for (const stream of model.randomStreams()) {
      const images = new RandomStream(5, stream.name);
      stream.sample = (values, count) => images.sample(values, count);
    }
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
    const gradients = new Map<string, Float32Array>();
    const { losses } = await train(batches, model, {
      optimizer,
      learningRate: constant(0.01),
      iterations: 1,
      accumulate: batches.length,
      clipGradients: (given) => {
        for (const [name, value] of given) gradients.set(name, value.dataSync<'float32'>().slice());
      },
    });
    optimizer.dispose();
    model.dispose();
    return { losses, gradients };
  };
  const [large, small] = [await gradientsOf([whole]), await gradientsOf(single)];
  for (const [name, loss] of Object.entries(large.losses)) expect(small.losses[name]).toBeCloseTo(loss, 6);
  expect([...small.gradients.keys()].sort()).toEqual([...large.gradients.keys()].sort());
  for (const [name, gradient] of large.gradients) {
    const largest = gradient.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const error = small.gradients
      .get(name)!
      .reduce((max, v, k) => Math.max(max, Math.abs(v - gradient[k])), 0);
    expect([name, error / largest < 2e-6]).toEqual([name, true]);
  }
  tf.dispose([whole.images.tensor, single.map(({ images }) => images.tensor)]);
});

describe('batches of which each has losses of its own', () => {
  const points = [
    [0, 1],
    [1, 0],
    [2, 2],
  ];
  const samples = Int32Array.of(0, 2);
  let withSides: MultiTaskBatch;
  let withRadii: MultiTaskBatch;
  beforeEach(() => {
    withSides = { points: tf.tensor2d(points), sides: { samples, labels: Int32Array.of(0, 1) } };
    withRadii = { points: withSides.points, radii: { samples, values: Float32Array.of(1, 3) } };
  });
  afterEach(() => withSides.points.dispose());

  /** One step: its losses, and its gradients. */
  async function learn(batches: MultiTaskBatch[]) {
    const model = new MultiTask(new RandomStream(2, 'initial'));
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
    const gradients = new Map<string, Float32Array>();
    try {
      const { losses } = await train(batches, model, {
        optimizer,
        learningRate: constant(0.1),
        iterations: 1,
        accumulate: batches.length,
        clipGradients: (given) => {
          for (const [name, value] of given) gradients.set(name, value.dataSync<'float32'>().slice());
        },
      });
      return { losses, gradients };
    } finally {
      optimizer.dispose();
      model.dispose();
    }
  }

  it('what a batch does not have counts 0 in the mean, of losses as of gradients', async () => {
    const [sides, radii] = [await learn([withSides]), await learn([withRadii])];
    const both = await learn([withSides, withRadii]);
    expect(both.losses).toEqual({
      loss_side: sides.losses['loss_side'] / 2,
      loss_radius: radii.losses['loss_radius'] / 2,
    });
    const expected = new Map(sides.gradients);
    for (const [name, gradient] of radii.gradients) {
      const other = sides.gradients.get(name);
      expected.set(name, other ? gradient.map((value, k) => Math.fround(other[k] + value)) : gradient);
    }
    expect([...both.gradients.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, gradient] of both.gradients) {
      expect([name, gradient]).toEqual([name, expected.get(name)!.map((sum) => sum / 2)]);
    }
  });

  it('a batch without any is an error', async () => {
    const without = { points: withSides.points };
    for (const batches of [[without], [withSides, without], [without, withRadii]]) {
      await expect(learn(batches)).rejects.toThrow('the model returned no losses');
    }
  });
});

describe('a step that is not completed', () => {
  const options = (model: ToyModel): Omit<TrainingOptions<ToyBatch>, 'iterations'> => ({
    optimizer: new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 }),
    learningRate: constant(0.05),
    accumulate: 3,
  });

  it('is as if it had not begun: the run that goes on is the one that never was interrupted', async () => {
    const [straight, stopped] = [new ToyModel(), new ToyModel()];
    const [a, b] = [options(straight), options(stopped)];
    await train(toyBatches(), straight, { ...a, iterations: 4 });
    const short = Array.from({ length: 8 }, (_, id) => toyBatch(id));
    const first = await train(short, stopped, { ...b, iterations: 4 });
    expect(first.iteration).toBe(2);
    await train(toyBatches(6), stopped, { ...b, iterations: 4, startIteration: 2 });
    expect(valuesOf(stopped)).toEqual(valuesOf(straight));
    for (const { optimizer } of [a, b]) optimizer.dispose();
    for (const model of [straight, stopped]) model.dispose();
  });

  it('describes all its batches when it diverges, and calls hooks once', async () => {
    const model = new ToyModel();
    const given = options(model);
    const calls: string[] = [];
    const hook: Hook = {
      name: 'calls',
      beforeStep: ({ iteration }) => void calls.push(`before ${iteration}`),
      afterStep: ({ iteration }) => void calls.push(`after ${iteration}`),
    };
    const diverging = {
      losses: (batch: ToyBatch): Losses => {
        const losses = model.losses(batch);
        return batch.id === 4 ? { ...losses, loss_size: tf.scalar(NaN) } : losses;
      },
      namedParameters: () => model.namedParameters(),
      namedBuffers: () => model.namedBuffers(),
      randomStreams: () => model.randomStreams(),
    };
    const run = train(toyBatches(), diverging, {
      ...given,
      iterations: 4,
      hooks: [hook],
      describeBatch: ({ id }) => `image ${id}`,
    });
    await expect(run).rejects.toThrow(/iteration 2: .*loss_size NaN .*batch: image 3; image 4; image 5\)/);
    expect(calls).toEqual(['before 0', 'after 1', 'before 1']);
    given.optimizer.dispose();
    model.dispose();
  });
});
