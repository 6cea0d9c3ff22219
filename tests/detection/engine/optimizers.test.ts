import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { AdamW } from '../../../detection/engine/adamw';
import {
  clipByGlobalNorm,
  clipByValue,
  type GradientClipping,
} from '../../../detection/engine/gradient-clipping';
import type { Optimizer } from '../../../detection/engine/optimizer';
import { Sgd } from '../../../detection/engine/sgd';
import { Parameter } from '../../../detection/nn/module';

let tensorsBefore: number;
beforeAll(() => loadBackend());
beforeEach(() => (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const makeParameters = () =>
  new Map([
    ['p', new Parameter(tf.tensor1d([1, -2, 0.5]), 'same', true)],
    ['q', new Parameter(tf.tensor2d([[0.3]]), 'same', true)],
  ]);
const valuesOf = (parameters: Map<string, Parameter>) =>
  [...parameters.values()].flatMap((parameter) => Array.from(parameter.value.dataSync()));
const disposeAll = (parameters: Map<string, Parameter>) =>
  parameters.forEach((parameter) => parameter.dispose());

/** Step t of the torch programme below; at t = 2, q has no gradient. */
function step(optimizer: Optimizer, t: number, learningRate = 0.1): void {
  const gradients = new Map<string, tf.Tensor>([['p', tf.tensor1d([0.1 * (t + 1), -0.2, 0.3 * (-1) ** t])]]);
  if (t !== 2) gradients.set('q', tf.tensor2d([[0.5 - 0.2 * t]]));
  optimizer.step(gradients, learningRate);
  gradients.forEach((gradient) => gradient.dispose());
}

/**
 * Expected: torch 2.13.
 *
 *     p = torch.nn.Parameter(torch.tensor([1., -2., .5])); q = torch.nn.Parameter(torch.tensor([[.3]]))
 *     o = torch.optim.<the case's>
 *     for t in range(4):
 *         p.grad = torch.tensor([.1 * (t + 1), -.2, .3 * (-1) ** t])
 *         q.grad = None if t == 2 else torch.tensor([[.5 - .2 * t]])
 *         o.step()
 */
const CASES: [string, (parameters: Map<string, Parameter>) => Optimizer, number[]][] = [
  [
    'SGD([p, q], lr=.1, momentum=.9, weight_decay=.01)',
    (parameters) => new Sgd(parameters, { momentum: 0.9, weightDecay: 0.01 }),
    [0.8055710792541504, -1.8012261390686035, 0.4467991590499878, 0.11603838950395584],
  ],
  [
    'AdamW([p, q], lr=.1, weight_decay=.01)',
    (parameters) => new AdamW(parameters, { weightDecay: 0.01 }),
    [0.6082351207733154, -1.59261155128479, 0.3752727508544922, 0.04150715470314026],
  ],
  [
    "AdamW([{'params': [p], 'lr': .05}, {'params': [q], 'weight_decay': 0}], lr=.1, weight_decay=.1, betas=(.8, .9))",
    (parameters) =>
      new AdamW(parameters, {
        weightDecay: 0.1,
        betas: [0.8, 0.9],
        groups: [
          { matches: (name) => name === 'p', learningRateFactor: 0.5 },
          { matches: () => true, weightDecay: 0 },
        ],
      }),
    [0.7863500118255615, -1.7617943286895752, 0.43474966287612915, 0.0472043938934803],
  ],
];

describe.each(CASES)('%s', (_, make, expected) => {
  it('moves parameters as torch does', () => {
    const parameters = makeParameters();
    const optimizer = make(parameters);
    for (let t = 0; t < 4; t++) step(optimizer, t);
    valuesOf(parameters).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 6));
    optimizer.dispose();
    disposeAll(parameters);
  });

  it('goes on to the bit in another optimizer that got its state', () => {
    const [straight, resumed] = [makeParameters(), makeParameters()];
    const [one, first, second] = [make(straight), make(resumed), make(resumed)];
    for (let t = 0; t < 4; t++) step(one, t);
    for (let t = 0; t < 2; t++) step(first, t);
    const state = first.stateDict();
    second.loadStateDict(state);
    state.forEach((tensor) => tensor.dispose());
    for (let t = 2; t < 4; t++) step(second, t);
    expect(valuesOf(resumed)).toEqual(valuesOf(straight));
    for (const optimizer of [one, first, second]) optimizer.dispose();
    disposeAll(straight);
    disposeAll(resumed);
  });

  it('leaves frozen parameters alone, and refuses gradients and state of parameters that it does not know', () => {
    const parameters = makeParameters();
    parameters.get('p')!.trainable = false;
    const optimizer = make(parameters);
    step(optimizer, 0);
    const before = valuesOf(parameters);
    expect(before.slice(0, 3)).toEqual([1, -2, 0.5]);
    expect(before[3]).not.toBe(0.3);

    const other = new Map([['r', tf.scalar(1)]]);
    expect(() => optimizer.step(other, 0.1)).toThrow('no parameter named r');
    const state = optimizer.stateDict();
    const keys = [...state.keys()];
    expect(keys.every((key) => key.startsWith('q.'))).toBe(true);
    const renamed = new Map([...state].map(([key, tensor]) => [key.replace('q.', 'r.'), tensor]));
    expect(() => optimizer.loadStateDict(renamed)).toThrow(/state r\.\w+ fits no parameter/);
    const misshaped = new Map([...state].map(([key, tensor]) => [key.replace('q.', 'p.'), tensor]));
    expect(() => optimizer.loadStateDict(misshaped)).toThrow(/has shape \[1, 1\], its parameter \[3\]/);
    const after = optimizer.stateDict();
    expect([...after.keys()]).toEqual(keys);
    for (const tensor of [...state.values(), ...after.values(), ...other.values()]) tensor.dispose();
    optimizer.dispose();
    disposeAll(parameters);
  });
});

describe('SGD in place', () => {
  it('changes no clone that was made before: a checkpoint that waits to be written, say', () => {
    const parameters = makeParameters();
    const optimizer = new Sgd(parameters, { momentum: 0.9, weightDecay: 0.01 });
    step(optimizer, 0);
    const clones = [...parameters.values()].map(({ value }) => tf.clone(value));
    const state = optimizer.stateDict();
    const read = () => [...clones, ...state.values()].flatMap((tensor) => [...tensor.dataSync()]);
    const before = read();
    const parametersBefore = valuesOf(parameters);
    step(optimizer, 1);
    expect(read()).toEqual(before);
    expect(valuesOf(parameters)).not.toEqual(parametersBefore);
    tf.dispose([clones, [...state.values()]]);
    optimizer.dispose();
    disposeAll(parameters);
  });
});

describe('AdamW.loadStateDict', () => {
  it('wants the count of updates with the averages', () => {
    const parameters = makeParameters();
    const optimizer = new AdamW(parameters, { weightDecay: 0 });
    step(optimizer, 0);
    const state = optimizer.stateDict();
    const incomplete = new Map([...state].filter(([key]) => key !== 'p.step'));
    expect(() => optimizer.loadStateDict(incomplete)).toThrow('p.exp_avg but no p.step');
    state.forEach((tensor) => tensor.dispose());
    optimizer.dispose();
    disposeAll(parameters);
  });
});

describe('gradient clipping', () => {
  const clipped = (clip: GradientClipping) => {
    const gradients = new Map<string, tf.Tensor>([
      ['p', tf.tensor1d([3, -4])],
      ['q', tf.tensor2d([[12]])],
    ]);
    clip(gradients, 13);
    return [...gradients.values()].flatMap((gradient) => {
      const values = Array.from(gradient.dataSync());
      gradient.dispose();
      return values;
    });
  };

  it('by global norm as torch.nn.utils.clip_grad_norm_: the norm here is 13', () => {
    const halved = [1.4999998807907104, -1.9999998807907104, 5.999999523162842]; // torch 2.13, limit 6.5
    clipped(clipByGlobalNorm(6.5)).forEach((value, i) => expect(value).toBeCloseTo(halved[i], 6));
    expect(clipped(clipByGlobalNorm(13.5))).toEqual([3, -4, 12]);
    const none = new Map<string, tf.Tensor>();
    clipByGlobalNorm(1)(none, 0);
    expect(none.size).toBe(0);
  });

  it('by value', () => {
    expect(clipped(clipByValue(3.5))).toEqual([3, -3.5, 3.5]);
  });
});
