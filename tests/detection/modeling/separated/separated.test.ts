import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import type { Losses, Trainable } from '../../../../detection/nn/trainable';
import { withLoss, type SeparatedModel } from '../../../../detection/engine/with-loss';
import type { FasterRcnn } from '../../../../detection/modeling/faster-rcnn';
import { DenseFasterRcnn, denseLossFunction } from '../../../../detection/modeling/separated/dense-forward';
import {
  identity,
  LossesAsOutputsFasterRcnn,
} from '../../../../detection/modeling/separated/losses-as-outputs';
import {
  sampledLossFunction,
  SamplingFasterRcnn,
} from '../../../../detection/modeling/separated/sampling-forward';
import { RandomStream } from '../../../../detection/nn/random';
import type { HeadGradients } from '../../../../detection/nn/head-losses';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import type { Targets } from '../../../../detection/structures/instances';
import { loadCheckpoint, saveCheckpoint } from '../../../../weights/checkpoints/checkpoint';
import { buildSmallDetector, smallBatch } from './small-detector';
import { expectNoTensorLeaks } from '../../tensor-leaks';

const STEPS = 20;
/** After so many a run goes on in another form. */
const PART = 5;
const SEED = 5;
/** Relative: of losses to themselves, of gradients to the largest element of each. */
const TOLERANCE = 1e-6;

expectNoTensorLeaks();

/** Lets a test look at the outputs, and fail, between the loss function and its caller. */
type Spy = (outputs: object) => void;

/** A separated detector, and what of a batch goes into its forward; the targets go into the loss function. */
function separated<Inputs, Outputs extends object>(
  model: SeparatedModel<Inputs, Outputs>,
  lossFunction: (outputs: Outputs, targets: readonly Targets[]) => Losses,
  inputs: (batch: DetectionBatch) => Inputs,
  spy?: Spy,
): Trainable<DetectionBatch> {
  const trainable = withLoss(model, (outputs: Outputs, targets: readonly Targets[]) => {
    const losses = lossFunction(outputs, targets);
    spy?.(outputs);
    return losses;
  });
  return {
    losses: (batch) => trainable.losses({ inputs: inputs(batch), targets: batch.targets }),
    namedParameters: () => trainable.namedParameters(),
    namedBuffers: () => trainable.namedBuffers(),
    randomStreams: () => trainable.randomStreams(),
  };
}

const FORMS = {
  sampling: (detector: FasterRcnn, spy?: Spy) =>
    separated(new SamplingFasterRcnn(detector), sampledLossFunction(detector), (batch) => batch, spy),
  dense: (detector: FasterRcnn, spy?: Spy) =>
    separated(new DenseFasterRcnn(detector), denseLossFunction(detector), ({ images }) => images, spy),
  identity: (detector: FasterRcnn, spy?: Spy) =>
    separated(new LossesAsOutputsFasterRcnn(detector), identity, (batch) => batch, spy),
};
const FORM_NAMES = Object.keys(FORMS) as (keyof typeof FORMS)[];

/** What a run did. Lists have an entry for each step. */
interface Run {
  losses: Record<string, number>[];
  gradients: Map<string, Float32Array>[];
  /** How many anchors and proposals were drawn, and the states of the streams afterwards. */
  drawn: unknown[];
}

/** Each batch is freed when the next is asked for. */
function* smallBatches(from: number): Generator<DetectionBatch> {
  for (let id = from; ; id++) {
    const batch = smallBatch(id);
    try {
      yield batch;
    } finally {
      batch.images.tensor.dispose();
    }
  }
}

async function runTraining(
  model: Trainable<DetectionBatch>,
  { steps = STEPS, from, saveTo }: { steps?: number; from?: string; saveTo?: string } = {},
): Promise<Run> {
  const run: Run = { losses: [], gradients: [], drawn: [] };
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const startIteration = from === undefined ? 0 : loadCheckpoint(from, { model, optimizer }).iteration;
  try {
    const { iteration } = await train(smallBatches(startIteration), model, {
      optimizer,
      learningRate: constant(0.01),
      iterations: steps,
      startIteration,
      // The one place where the trainer shows its gradients.
      clipGradients: (gradients) => {
        const values = [...gradients].map(([name, value]) => [name, value.dataSync().slice()] as const);
        run.gradients.push(new Map(values as [string, Float32Array][]));
      },
      hooks: [
        {
          name: 'observe',
          afterStep: ({ storage }) => {
            const values = (names: Iterable<string>) =>
              Object.fromEntries([...names].map((name) => [name, storage.latest(name)!.value]));
            run.losses.push(values(storage.lossNames));
            run.drawn.push({
              counts: values([...storage.scalarNames].filter((name) => name.includes('/num_'))),
              states: [...model.randomStreams()].map(({ name, state }) => [name, [...state]]),
            });
          },
        },
      ],
    });
    if (saveTo)
      saveCheckpoint(saveTo, { model, optimizer }, { iteration, hooks: {}, metrics: {}, metadata: {} });
  } finally {
    optimizer.dispose();
  }
  return run;
}

/** Largest difference of two lists of numbers, relative to the largest of the expected ones. */
function difference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, scale] = [actual.length === expected.length ? 0 : Infinity, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest === 0 ? 0 : largest / scale;
}

function expectSameRun(actual: Run, expected: Run): void {
  expect(actual.drawn).toEqual(expected.drawn);
  expect(actual.losses).toHaveLength(expected.losses.length);
  expected.losses.forEach((losses, step) => {
    expect(Object.keys(actual.losses[step])).toEqual(Object.keys(losses));
    for (const [name, value] of Object.entries(losses)) {
      expect(difference([actual.losses[step][name]], [value])).toBeLessThanOrEqual(TOLERANCE);
    }
  });
  const deviating = expected.gradients.flatMap((gradients, step) => {
    expect([...actual.gradients[step].keys()].sort()).toEqual([...gradients.keys()].sort());
    return [...gradients]
      .map(([name, gradient]) => ({
        step,
        name,
        by: difference(actual.gradients[step].get(name)!, gradient),
      }))
      .filter(({ by }) => !(by <= TOLERANCE));
  });
  expect(deviating).toEqual([]);
}

/** What each form computes just as an in-model detector does that takes its heads' gradients then. */
const TWINS: readonly (readonly [HeadGradients, readonly (keyof typeof FORMS)[]])[] = [
  ['in-forward', ['sampling', 'identity']],
  ['at-the-end', ['sampling', 'dense']],
];

describe.each(TWINS)('20 steps of training, gradients of the heads %s', (headGradients, forms) => {
  let inModel: FasterRcnn;
  let expected: Run;
  beforeAll(async () => {
    inModel = buildSmallDetector(SEED, headGradients);
    expected = await runTraining(inModel);
  });
  afterAll(() => inModel.dispose());

  it('what is sampled decides what the losses are, so equal losses are no accident', async () => {
    expect(new Set(expected.drawn.map((step) => JSON.stringify(step))).size).toBe(STEPS);
    const drawsOthers = buildSmallDetector(SEED, headGradients);
    for (const stream of drawsOthers.randomStreams()) {
      const other = new RandomStream(SEED + 1, stream.name);
      stream.sample = (values, count) => other.sample(values, count);
    }
    const { losses } = await runTraining(drawsOthers, { steps: 1 });
    expect(difference(Object.values(losses[0]), Object.values(expected.losses[0]))).toBeGreaterThan(1e-3);
    drawsOthers.dispose();
  });

  it.each(forms)('%s: losses, gradients and draws are the in-model ones', async (form) => {
    const detector = buildSmallDetector(SEED, headGradients);
    expectSameRun(await runTraining(FORMS[form](detector)), expected);
    detector.dispose();
  });

  it('a checkpoint of one form goes on in the next, and in-model', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'separated-'));
    const whole: Run = { losses: [], gradients: [], drawn: [] };
    let from: string | undefined;
    for (const [i, form] of [...forms, 'in-model' as const].entries()) {
      const detector = buildSmallDetector(SEED, headGradients);
      const saveTo = path.join(folder, form);
      const model = form === 'in-model' ? detector : FORMS[form](detector);
      const part = await runTraining(model, { steps: (i + 1) * PART, from, saveTo });
      whole.losses.push(...part.losses);
      whole.gradients.push(...part.gradients);
      whole.drawn.push(...part.drawn);
      detector.dispose();
      from = saveTo;
    }
    const steps = (forms.length + 1) * PART;
    expectSameRun(whole, {
      losses: expected.losses.slice(0, steps),
      gradients: expected.gradients.slice(0, steps),
      drawn: expected.drawn.slice(0, steps),
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['sampling', SamplingFasterRcnn],
    ['dense', DenseFasterRcnn],
    ['identity', LossesAsOutputsFasterRcnn],
  ] as const)('%s: detections are the in-model ones', (_, Form) => {
    const { images } = smallBatch(0);
    const detections = inModel.detect(images);
    expect(detections[0].scores.length).toBeGreaterThan(0);
    expect(new Form(inModel).detect(images)).toEqual(detections);
    images.tensor.dispose();
  });
});

// What docs/separation.md warns of.
it('a loss function of another detector leaves the ROI heads untrained, and nothing says so', () => {
  const [detector, other] = [1, 2].map(() => buildSmallDetector(SEED, 'at-the-end'));
  const batch = smallBatch(1);
  const trained = (lossFunctionOf: FasterRcnn) => {
    const model = withLoss(new DenseFasterRcnn(detector), denseLossFunction(lossFunctionOf));
    const { losses, gradients } = lossesAndGradients(
      () => model.losses({ inputs: batch.images, targets: batch.targets }),
      model.namedParameters(),
    );
    tf.dispose([losses, [...gradients.values()]]);
    return { parts: new Set([...gradients.keys()].map((name) => name.split('.')[0])), losses };
  };
  const [mistaken, right] = [trained(other), trained(detector)];
  expect(Object.keys(mistaken.losses)).toEqual(Object.keys(right.losses));
  expect(mistaken.parts).toEqual(new Set(['backbone', 'rpn']));
  expect(right.parts).toEqual(new Set(['backbone', 'rpn', 'roi_heads']));
  batch.images.tensor.dispose();
  detector.dispose();
  other.dispose();
});

/** Every tensor in the outputs of a forward, whatever their structure. */
function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value as tf.Tensor];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}

describe.each(FORM_NAMES)('tensors of %s', (form) => {
  let detector: FasterRcnn;
  let batch: DetectionBatch;
  let outputs: tf.Tensor[];
  beforeEach(() => {
    detector = buildSmallDetector(SEED, 'in-forward');
    batch = smallBatch(1);
  });
  afterEach(() => {
    detector.dispose();
    batch.images.tensor.dispose();
  });
  const look: Spy = (value) => {
    outputs = tensorsIn(value);
    expect(outputs.filter((tensor) => tensor.isDisposed)).toEqual([]);
  };

  it('outside of a training step the losses are all that is left', () => {
    const before = tf.memory().numTensors;
    const losses = FORMS[form](detector, look).losses(batch);
    expect(tf.memory().numTensors).toBe(before + 4);
    const isLoss = (tensor: tf.Tensor) => Object.values(losses).includes(tensor as tf.Scalar);
    for (const tensor of outputs) expect(tensor.isDisposed).toBe(!isLoss(tensor));
    tf.dispose(losses);
  });

  it('a loss function that throws leaves none, in a training step and outside', async () => {
    const before = tf.memory().numTensors;
    const failing = FORMS[form](detector, (value) => {
      look(value);
      throw new Error('no loss today');
    });
    await expect(runTraining(failing, { steps: 1 })).rejects.toThrow('no loss today');
    expect(() => failing.losses(batch)).toThrow('no loss today');
    expect(outputs.length).toBeGreaterThanOrEqual(4);
    expect(outputs.filter((tensor) => !tensor.isDisposed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
