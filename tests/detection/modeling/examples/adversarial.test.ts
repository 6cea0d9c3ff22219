import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { AdamW } from '../../../../detection/engine/adamw';
import {
  AdversarialNetworks,
  trainAlternately,
  type Player,
} from '../../../../detection/modeling/examples/adversarial';
import { RandomStream } from '../../../../detection/nn/random';
import { expectScalarsOnly, valuesOf } from './training';

const BATCH = 64;
/** Of the real points: a normal distribution. */
const MEAN = [2, -1];
const DEVIATION = [1, 0.5];

let tensorsBefore: number;
let networks: AdversarialNetworks;
let discriminator: Player<tf.Tensor2D>;
let generator: Player<tf.Tensor2D>;

beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  networks = new AdversarialNetworks({
    initial: new RandomStream(1, 'initial'),
    noise: new RandomStream(1, 'noise'),
  });
  // The one who judges learns faster, so that the one who is judged has something to learn from.
  discriminator = player(networks.asDiscriminator(), 0.015);
  generator = player(networks.asGenerator(), 0.005);
});
afterEach(() => {
  [networks, discriminator.optimizer, generator.optimizer].forEach((owner) => owner.dispose());
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

function player(model: Player<tf.Tensor2D>['model'], learningRate: number): Player<tf.Tensor2D> {
  const optimizer = new AdamW(model.namedParameters(), { weightDecay: 0, betas: [0.5, 0.9] });
  return { model, optimizer, learningRate };
}

function* realPoints(steps: number): Generator<tf.Tensor2D> {
  const random = new RandomStream(1, 'real points');
  const point = () => MEAN.map((mean, k) => mean + DEVIATION[k] * random.normal());
  for (let step = 0; step < steps; step++) {
    const points = tf.tensor2d(Array.from({ length: BATCH }, point));
    yield points;
    points.dispose();
  }
}

it('makes points like the real ones', () => {
  const storage = trainAlternately(realPoints(300), [discriminator, generator]);
  tf.tidy(() => {
    const { mean, variance } = tf.moments(networks.generate(2000), 0);
    mean.dataSync().forEach((value, k) => expect(Math.abs(value - MEAN[k])).toBeLessThan(0.4));
    tf.sqrt(variance)
      .dataSync()
      .forEach((value, k) => expect(Math.abs(value / DEVIATION[k] - 1)).toBeLessThan(0.4));
  });
  expect([...storage.scalarNames]).toEqual(['loss_real', 'loss_generated', 'loss_generator']);
  expect(storage.history('loss_generator')).toHaveLength(300);
});

it.each([
  ['discriminator', () => discriminator],
  ['generator', () => generator],
])('the %s changes its own parameters and nothing else', (name, who) => {
  const before = valuesOf(networks);
  trainAlternately(realPoints(1), [who()]);
  for (const real of realPoints(1)) expectScalarsOnly(() => who().model.losses(real));
  const after = valuesOf(networks);
  for (const [parameter, values] of Object.entries(before)) {
    if (parameter.startsWith(`${name}.`)) expect(after[parameter]).not.toEqual(values);
    else expect(after[parameter]).toEqual(values);
  }
});
