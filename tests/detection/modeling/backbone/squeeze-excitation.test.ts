import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { SqueezeExcitation } from '../../../../detection/modeling/backbone/squeeze-excitation';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';

beforeAll(async () => {
  await loadBackend();
});

test('weighs each channel by the hard sigmoid of what the two layers make of the averages', () => {
  const before = tf.memory().numTensors;
  const module = new SqueezeExcitation(2, 1, new RandomStream(0, 'init'));
  const state = module.stateDict();
  const set = (name: string, values: number[]): void => {
    const entry = state.get(name)!;
    tf.tidy(() => entry.fromDisk(tf.tensor(values, entry.shapeOnDisk)));
  };
  expect([...state.keys()]).toEqual(['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias']);
  set('fc1.weight', [1, 2]);
  set('fc1.bias', [-3]);
  set('fc2.weight', [0.5, -2]);
  set('fc2.bias', [1, 0]);
  const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
  // Averages 4 and 5; relu(4 + 10 - 3) = 11; 6.5 and -22, saturated on both sides.
  const y = module.forward(x);
  expect([...y.dataSync()]).toEqual([1, 0, 3, 0, 5, 0, 7, 0]);
  set('fc1.bias', [-13]);
  // relu(1) = 1; (1.5 + 3) / 6 and (-2 + 3) / 6.
  const z = module.forward(x);
  const expected = [1, 2, 3, 4, 5, 6, 7, 8].map((value, i) => (value * (i % 2 === 0 ? 4.5 : 1)) / 6);
  [...z.dataSync()].forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
  tf.dispose([x, y, z]);
  module.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('gradients are those of finite differences', () => {
  const before = tf.memory().numTensors;
  const module = new SqueezeExcitation(4, 3, new RandomStream(1, 'init'));
  const x = new Parameter(tf.randomUniform([2, 3, 2, 4], 0, 1, 'float32', 1), 'same', true);
  const direction = tf.randomUniform([2, 3, 2, 4], -1, 1, 'float32', 2);
  const loss = (): tf.Scalar => tf.sum(tf.mul(module.forward(x.value as tf.Tensor4D), direction));
  const parameters: [string, Parameter][] = [['x', x], ...module.namedParameters()];
  const { losses, gradients } = lossesAndGradients(() => ({ loss: loss() }), parameters);
  const value = (): number => tf.tidy(() => loss().dataSync()[0]);
  const step = 0.01;
  for (const [name, { variable }] of parameters) {
    const values = variable.dataSync<'float32'>().slice();
    const gradient = gradients.get(name)!.dataSync();
    const shifted = (index: number, by: number): number => {
      const copy = values.slice();
      copy[index] += by;
      tf.tidy(() => variable.assign(tf.tensor(copy, variable.shape)));
      return value();
    };
    values.forEach((_, index) => {
      const difference = (shifted(index, step) - shifted(index, -step)) / (2 * step);
      expect(Math.abs(gradient[index] - difference)).toBeLessThan(2e-3);
    });
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  tf.dispose([losses, [...gradients.values()], direction]);
  module.dispose();
  x.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
