import * as tf from '@tensorflow/tfjs-core';
import { AdamW } from '../../../detection/engine/adamw';
import { clipByGlobalNorm } from '../../../detection/engine/gradient-clipping';
import type { Hook } from '../../../detection/engine/hooks';
import { gather } from '../../../detection/engine/replicas';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train, type TrainingOptions, type TrainingResult } from '../../../detection/engine/train';
import { MultiTask, type MultiTaskBatch } from '../../../detection/modeling/examples/multi-task';
import { RandomStream } from '../../../detection/nn/random';
import type { Losses, Trainable } from '../../../detection/nn/trainable';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { buildSmallDetector, smallBatch } from '../modeling/separated/small-detector';
import { InProcessReplicas } from './in-process-replicas';
import { toyBatch, ToyModel, valuesOf, type ToyBatch } from './toy-model';

expectNoTensorLeaks();

type Options<Batch> = Partial<TrainingOptions<Batch>> & { readonly iterations: number };

interface Learned {
  readonly result: TrainingResult;
  /** Scalars of each step, but for times. */
  readonly rows: Record<string, number>[];
  /** Parameters, buffers and the optimizer's state, to the bit. */
  readonly values: Record<string, number[]>;
}

/** Trains one replica, whose model it disposes. */
async function learn<Batch>(
  batches: Iterable<Batch>,
  model: Trainable<Batch> & { dispose(): void },
  { hooks = [], ...options }: Options<Batch>,
): Promise<Learned> {
  const optimizer = new AdamW(model.namedParameters(), { weightDecay: 0.01 });
  const rows: Record<string, number>[] = [];
  const observe: Hook = {
    name: 'observe',
    afterStep: ({ storage, iteration }) => {
      const [[, row]] = storage.scalarsAfter(iteration - 1);
      rows.push(Object.fromEntries(Object.entries(row).filter(([name]) => !name.includes('seconds'))));
    },
  };
  try {
    const result = await train(batches, model, {
      optimizer,
      learningRate: constant(0.01),
      clipGradients: clipByGlobalNorm(0.5),
      ...options,
      hooks: [...hooks, observe],
    });
    const state = optimizer.stateDict();
    const tensors = [
      ...[...model.namedParameters(), ...model.namedBuffers()].map(
        ([name, { value }]) => [name, value] as const,
      ),
      ...state,
    ];
    const values = Object.fromEntries(tensors.map(([name, value]) => [name, Array.from(value.dataSync())]));
    tf.dispose([...state.values()]);
    return { result, rows, values };
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Trains replicas together: each batch goes to the next one. */
async function learnTogether<Batch>(
  size: number,
  batches: readonly Batch[],
  modelOf: (rank: number) => Trainable<Batch> & { dispose(): void },
  optionsOf: (rank: number, all: InProcessReplicas) => Options<Batch>,
): Promise<Learned[]> {
  const all = new InProcessReplicas(size);
  return Promise.all(
    all.members.map((replicas) => {
      const { rank } = replicas;
      const share = batches.filter((_, k) => k % size === rank);
      return learn(share, modelOf(rank), { ...optionsOf(rank, all), replicas });
    }),
  );
}

const toyBatches = (count: number): ToyBatch[] => Array.from({ length: count }, (_, id) => toyBatch(id));

describe('what replicas tell each other', () => {
  it.each([
    ['short', ['a', 'ß√', '']],
    ['long', ['x'.repeat(10_000), '', 'é'.repeat(3000)]],
    ['as long as there is room for', ['x'.repeat(4092 - 2), 'y'.repeat(4092 - 1), 'z']],
  ])('arrives where it is %s', async (_, texts) => {
    const { members } = new InProcessReplicas(3);
    const told = await Promise.all(members.map((replicas) => gather(replicas, texts[replicas.rank])));
    expect(told).toEqual([texts, texts, texts]);
  });
});

describe('two replicas are one that accumulates twice as much, to the bit', () => {
  it.each([1, 2])('a model with noise and a counter, %d batches of each a step', async (accumulate) => {
    const batches = toyBatches(8 * accumulate);
    const alone = await learn(batches, new ToyModel(), { iterations: 4, accumulate: 2 * accumulate });
    const together = await learnTogether(
      2,
      batches,
      (rank) => new ToyModel(1 + rank),
      () => ({
        ...{ iterations: 4, accumulate },
        describeBatch: ({ id }) => String(id),
      }),
    );
    expect(together.map(({ values }) => values)).toEqual([together[0].values, together[0].values]);
    if (accumulate === 1) {
      expect(together[0].values).toEqual(alone.values);
      expect(together[0].rows).toEqual(alone.rows);
      expect(together[0].result).toEqual(alone.result);
    } else {
      for (const [name, values] of Object.entries(alone.values)) {
        together[0].values[name].forEach((value, k) => expect(value).toBeCloseTo(values[k], 5));
      }
    }
  });

  it('a detector with batch norm, whose running statistics move once', async () => {
    const batches = Array.from({ length: 4 }, (_, k) => smallBatch(k));
    const build = (seed: number) => buildSmallDetector(seed, 'in-forward');
    const alone = await learn(batches, build(5), { iterations: 2, accumulate: 2 });
    // The same seed of draws; weights are given.
    const together = await learnTogether(
      2,
      batches,
      () => build(5),
      () => ({ iterations: 2 }),
    );
    expect(together[0]).toEqual(alone);
    expect(together[1].values).toEqual(alone.values);
    expect(Object.keys(alone.values).filter((name) => name.endsWith('running_mean'))).not.toHaveLength(0);
    tf.dispose(batches.map(({ images }) => images.tensor));
  });

  it('batches of which each has losses, and gradients, of its own', async () => {
    const points = tf.tensor2d([
      [0, 1],
      [1, 0],
      [2, 2],
    ]);
    const samples = Int32Array.of(0, 2);
    const sides: MultiTaskBatch = { points, sides: { samples, labels: Int32Array.of(0, 1) } };
    const radii: MultiTaskBatch = { points, radii: { samples, values: Float32Array.of(1, 3) } };
    const model = () => new MultiTask(new RandomStream(2, 'initial'));
    for (const batches of [
      [sides, radii, radii, sides],
      [sides, sides, sides, radii],
    ]) {
      const alone = await learn(batches, model(), { iterations: 2, accumulate: 2 });
      const together = await learnTogether(2, batches, model, () => ({ iterations: 2 }));
      expect(together.map(({ values }) => values)).toEqual([alone.values, alone.values]);
      expect(together[0].result.losses).toEqual(alone.result.losses);
    }
    points.dispose();
  });
});

test('four replicas are one that accumulates four times as much, but for rounding; and equal to each other, to the bit', async () => {
  const batches = toyBatches(12);
  const alone = await learn(batches, new ToyModel(), { iterations: 3, accumulate: 4 });
  const together = await learnTogether(
    4,
    batches,
    () => new ToyModel(),
    () => ({ iterations: 3 }),
  );
  for (const { values } of together) expect(values).toEqual(together[0].values);
  for (const [name, values] of Object.entries(alone.values)) {
    together[3].values[name].forEach((value, k) => expect(value).toBeCloseTo(values[k], 5));
  }
});

test('a run goes on with another number of replicas, which get what the first one has', async () => {
  const batches = toyBatches(12);
  const make = (seed = 1) => {
    const model = new ToyModel(seed);
    return { model, optimizer: new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 }) };
  };
  type Made = ReturnType<typeof make>;
  const steps = (of: Made, data: readonly ToyBatch[], more: Options<ToyBatch>) =>
    train(data, of.model, { optimizer: of.optimizer, learningRate: constant(0.01), ...more });
  const [straight, resumed, other] = [make(), make(), make(9)];
  await steps(straight, batches, { iterations: 6, accumulate: 2 });
  await steps(resumed, batches.slice(0, 6), { iterations: 3, accumulate: 2 });
  const { members } = new InProcessReplicas(2);
  await Promise.all(
    members.map((replicas) => {
      const share = batches.slice(6).filter((_, k) => k % 2 === replicas.rank);
      const learner = replicas.rank === 0 ? resumed : other;
      return steps(learner, share, { iterations: 6, startIteration: 3, replicas });
    }),
  );
  for (const { model } of [resumed, other]) expect(valuesOf(model)).toEqual(valuesOf(straight.model));
  for (const { model, optimizer } of [straight, resumed, other]) {
    optimizer.dispose();
    model.dispose();
  }
});

describe('all stop after the same step', () => {
  const toys = () => new ToyModel();

  it.each([0, 1, 2])('where number %d is interrupted', async (which) => {
    const stop = new AbortController();
    const hook: Hook = {
      name: 'stop',
      afterStep: ({ iteration }) => void (iteration === 2 && stop.abort()),
    };
    const learned = await learnTogether(3, toyBatches(30), toys, (rank) => ({
      iterations: 10,
      ...(rank === which && { signal: stop.signal, hooks: [hook] }),
    }));
    const results = learned.map(({ result: { iteration, interrupted } }) => ({ iteration, interrupted }));
    expect(results).toEqual(new Array(3).fill({ iteration: 2, interrupted: true }));
  });

  it('where one is interrupted within a step, which all end', async () => {
    const stop = new AbortController();
    const outcomes: string[] = [];
    const learned = await learnTogether(2, toyBatches(20), toys, (rank) => ({
      iterations: 10,
      hooks: [
        {
          name: 'stop',
          beforeStep: ({ iteration }) => void (iteration === 3 && rank === 1 && stop.abort()),
          afterTrain: ({ outcome }) => void outcomes.push(outcome),
        },
      ],
      ...(rank === 1 && { signal: stop.signal }),
    }));
    expect(learned.map(({ result }) => result.iteration)).toEqual([4, 4]);
    expect(outcomes).toEqual(['interrupted', 'interrupted']);
    const straight = await learn(toyBatches(8), new ToyModel(), { iterations: 4, accumulate: 2 });
    expect(learned[0].values).toEqual(straight.values);
  });

  it('where one has enough', async () => {
    const enough: Hook = {
      name: 'enough',
      afterStep: (state) => void (state.shouldStop = state.iteration === 3),
    };
    const learned = await learnTogether(2, toyBatches(20), toys, (rank) => ({
      iterations: 10,
      hooks: rank === 0 ? [enough] : [],
    }));
    const results = learned.map(({ result: { iteration, interrupted } }) => ({ iteration, interrupted }));
    expect(results).toEqual(new Array(2).fill({ iteration: 3, interrupted: false }));
  });

  it.each([
    ['in the middle of a step', 7],
    ['between two steps', 8],
  ])('where the data of one end, %s', async (_, count) => {
    // Of 2 batches a step, number 1 has one fewer, or as many.
    const learned = await learnTogether(2, toyBatches(count), toys, () => ({
      iterations: 10,
      accumulate: 2,
    }));
    const steps = Math.floor(count / 4);
    expect(learned.map(({ result }) => result)).toEqual(
      new Array(2).fill({ iteration: steps, interrupted: false, losses: learned[0].result.losses }),
    );
    const straight = await learn(toyBatches(4 * steps), toys(), { iterations: steps, accumulate: 4 });
    expect(Object.keys(learned[1].values)).toEqual(Object.keys(straight.values));
    expect(learned[1].values).toEqual(learned[0].values);
  });
});

describe('where one is lost', () => {
  it('the others are interrupted, and have what the last step has made', async () => {
    const straight = await learn(toyBatches(6), new ToyModel(), { iterations: 3, accumulate: 2 });
    const learned = await learnTogether(
      2,
      toyBatches(20),
      () => new ToyModel(),
      (rank, all) => ({
        iterations: 10,
        hooks: [
          {
            name: 'lose',
            beforeStep: ({ iteration }) => void (rank === 1 && iteration === 3 && all.lose()),
          },
        ],
      }),
    );
    for (const { result, values } of learned) {
      expect(result).toMatchObject({ iteration: 3, interrupted: true });
      expect(values).toEqual(straight.values);
    }
  });
});

describe('a step that diverges on one of them', () => {
  class Diverging extends ToyModel {
    override losses(batch: ToyBatch): Losses {
      const losses = super.losses(batch);
      return batch.id === 5 ? { ...losses, loss_size: tf.scalar(NaN) } : losses;
    }
  }

  it('is what number 0 says it is, and tells all batches', async () => {
    const messages: string[] = [];
    const learned = await learnTogether(
      2,
      toyBatches(12),
      () => new Diverging(),
      (rank) => ({
        iterations: 6,
        describeBatch: ({ id }) => `image ${id}`,
        onDivergence: ({ message }, { optimizer }) => {
          messages.push(`${rank}: ${message}`);
          // As a rollback does: what learns is another one afterwards.
          optimizer.loadStateDict(new Map());
        },
      }),
    );
    expect(messages).toEqual([
      expect.stringMatching(
        /^0: training diverged in iteration 3: .*loss_size NaN .*batch: image 4; image 5\)/,
      ),
    ]);
    expect(learned[0].result.iteration).toBe(6);
    expect(learned[1].values).toEqual(learned[0].values);
  });

  it('ends all where number 0 says so', async () => {
    const run = async (): Promise<void> => {
      const all = new InProcessReplicas(2);
      const ended = await Promise.allSettled(
        all.members.map((replicas) => {
          const share = toyBatches(12).filter(({ id }) => id % 2 === replicas.rank);
          return learn(share, new Diverging(), { iterations: 6, replicas });
        }),
      );
      const reasons = ended.map((one) => (one.status === 'rejected' ? String(one.reason) : 'none'));
      expect(reasons).toEqual(new Array(2).fill(expect.stringContaining('diverged in iteration 3')));
    };
    await run();
  });
});
