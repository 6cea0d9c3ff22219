import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { Sgd } from '../../../../detection/engine/sgd';
import {
  Classifier,
  classificationLoss,
  type LabeledPoints,
} from '../../../../detection/modeling/examples/classifier';
import { PseudoLabelClassifier } from '../../../../detection/modeling/examples/pseudo-labels';
import { trainBad, trainGood } from '../../../../detection/modeling/examples/trainers';
import type { Module } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';
import { rays } from './points';
import { trainWithSgd, valuesOf } from './training';

const STEPS = 10;
const LEARNING_RATE = 0.1;

let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const sgdOf = (model: Module) => new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });

it('trainGood == partial(trainBad, identity) is train, to the bit', async () => {
  const batches = Array.from({ length: STEPS }, (_, step) => ({
    labeled: rays(9, step),
    unlabeled: rays(60, 100 + step).inputs,
  }));
  // A model that decides, and draws random numbers, in the middle of its forward.
  const [model, twin] = [1, 2].map(() => {
    const random = {
      initial: new RandomStream(1, 'initial'),
      disturbances: new RandomStream(1, 'disturbances'),
    };
    return new PseudoLabelClassifier(3, { threshold: 0.4, noise: 0.1 }, random);
  });
  const optimizer = sgdOf(twin);

  const losses = await trainWithSgd(batches, model, { iterations: STEPS, learningRate: LEARNING_RATE });
  trainGood(batches, twin, optimizer, LEARNING_RATE);

  expect(Object.keys(losses)).toEqual(['loss_classifier', 'loss_pseudo_labels']);
  expect(valuesOf(twin)).toEqual(valuesOf(model));
  tf.dispose(batches.map(({ labeled, unlabeled }) => [labeled.inputs, unlabeled]));
  [model, twin, optimizer].forEach((owner) => owner.dispose());
});

it('trainBad with a loss function is train with a model that calls it, to the bit', async () => {
  const batches = Array.from({ length: STEPS }, (_, step) => rays(30, step));
  const [model, twin] = [1, 2].map(() => new Classifier(3, new RandomStream(1, 'initial')));
  const optimizer = sgdOf(twin);
  const separated = {
    forward: ({ inputs }: LabeledPoints) => twin.forward(inputs),
    namedParameters: () => twin.namedParameters(),
    namedBuffers: () => twin.namedBuffers(),
    randomStreams: () => twin.randomStreams(),
  };

  await trainWithSgd(batches, model, { iterations: STEPS, learningRate: LEARNING_RATE });
  const lossFunction = (logits: tf.Tensor2D, { targets }: LabeledPoints) =>
    classificationLoss(logits, targets);
  trainBad(batches, separated, lossFunction, optimizer, LEARNING_RATE);

  expect(valuesOf(twin)).toEqual(valuesOf(model));
  tf.dispose(batches.map(({ inputs }) => inputs));
  [model, twin, optimizer].forEach((owner) => owner.dispose());
});
