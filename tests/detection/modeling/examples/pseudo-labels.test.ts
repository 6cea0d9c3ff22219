import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { EventStorage } from '../../../../detection/events/event-storage';
import { withStorage } from '../../../../detection/events/summary';
import {
  PseudoLabelClassifier,
  type PartlyLabeledPoints,
} from '../../../../detection/modeling/examples/pseudo-labels';
import { RandomStream } from '../../../../detection/nn/random';
import { accuracy, rays } from './points';
import { forever, trainWithSgd } from './training';

const UNLABELED = 300;
/** What no probability reaches. */
const NEVER = 2;

let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const newModel = (threshold: number) =>
  new PseudoLabelClassifier(
    3,
    { threshold, noise: 0.1 },
    { initial: new RandomStream(1, 'initial'), disturbances: new RandomStream(1, 'disturbances') },
  );

/** One label a ray, all of them to the left of their rays' middles. */
function partlyLabeled(): PartlyLabeledPoints {
  const angles = [0, 1, 2].map((ray) => (2 * Math.PI * ray) / 3 + 0.6);
  const inputs = tf.tensor2d(angles.map((angle) => [0.6 * Math.cos(angle), 0.6 * Math.sin(angle)]));
  return { labeled: { inputs, targets: Int32Array.of(0, 1, 2) }, unlabeled: rays(UNLABELED, 1).inputs };
}

it('learns from what it is sure of, more than from the labels alone', async () => {
  const batch = partlyLabeled();
  const unseen = rays(300, 2);
  const accuracyWith = async (threshold: number) => {
    const model = newModel(threshold);
    await trainWithSgd(forever([batch]), model, { iterations: 100, learningRate: 0.2 });
    const result = accuracy(model.predict(unseen.inputs), unseen.targets);
    model.dispose();
    return result;
  };
  expect(await accuracyWith(NEVER)).toBeLessThan(0.96);
  expect(await accuracyWith(0.95)).toBeGreaterThan(0.99);
  tf.dispose([batch.labeled.inputs, batch.unlabeled, unseen.inputs]);
});

it('decides in the forward which samples take part, and tells how many', () => {
  const batch = partlyLabeled();
  const lossesAndSamples = (threshold: number) => {
    const model = newModel(threshold);
    const storage = new EventStorage();
    const losses = withStorage(storage, () => model.losses(batch));
    tf.dispose(losses);
    model.dispose();
    return { losses: Object.keys(losses), samples: storage.latest('pseudo_labels/samples')!.value };
  };
  expect(lossesAndSamples(NEVER)).toEqual({ losses: ['loss_classifier'], samples: 0 });
  // One of three classes has a third or more.
  const both = ['loss_classifier', 'loss_pseudo_labels'];
  expect(lossesAndSamples(1 / 3)).toEqual({ losses: both, samples: UNLABELED });
  const { samples } = lossesAndSamples(0.4);
  expect(samples).toBeGreaterThan(0);
  expect(samples).toBeLessThan(UNLABELED);
  tf.dispose([batch.labeled.inputs, batch.unlabeled]);
});
