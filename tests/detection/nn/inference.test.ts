import * as tf from '@tensorflow/tfjs-core';
import type { Nonlinearity } from '../../../detection/nn/activations';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { ConvTranspose2d } from '../../../detection/nn/conv-transpose';
import { Conv2d, type Convolution } from '../../../detection/nn/convolution';
import { DepthwiseConv2d } from '../../../detection/nn/depthwise-convolution';
import { InferenceOnlyError } from '../../../detection/nn/inference-only-error';
import { Linear } from '../../../detection/nn/linear';
import { Module } from '../../../detection/nn/module';
import {
  BatchNorm,
  FrozenBatchNorm,
  GroupNorm,
  type Normalization,
} from '../../../detection/nn/normalization';
import { zeroLoss } from '../../../detection/nn/zero-loss';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { random } from './same-gradients';

expectNoTensorLeaks();

const CHANNELS = 8;

/** A convolution with its normalization, as a model has it. */
class Layer extends Module {
  constructor(
    readonly convolution: Convolution,
    readonly normalization?: Normalization,
  ) {
    super();
    this.child('convolution', convolution);
    if (normalization) this.child('normalization', normalization);
  }

  forward(x: tf.Tensor4D, activation: { residual?: tf.Tensor4D; nonlinearity?: Nonlinearity } = {}) {
    return this.normalization
      ? this.normalization.afterConvolution(this.convolution, x, activation)
      : this.convolution.forward(x, activation);
  }
}

function conv2d(kernel: number, stride: number, seed = 1, bias = false): Conv2d {
  const weight = random([kernel, kernel, CHANNELS, CHANNELS], seed) as tf.Tensor4D;
  const shift = bias ? (random([CHANNELS], 9) as tf.Tensor1D) : undefined;
  return new Conv2d(weight, shift, { stride, padding: (kernel - 1) / 2 });
}

function depthwise(kernel: number, stride: number, padding: number | 'same' = (kernel - 1) / 2) {
  return new DepthwiseConv2d(random([kernel, kernel, CHANNELS, 1], 2) as tf.Tensor4D, { stride, padding });
}

/** With statistics that tell channels apart. */
function normalization(kind: 'frozen' | 'batch' | 'group'): Normalization {
  const norm =
    kind === 'frozen'
      ? new FrozenBatchNorm(CHANNELS)
      : kind === 'batch'
        ? new BatchNorm(CHANNELS)
        : new GroupNorm(CHANNELS);
  const entries = [...norm.namedParameters(), ...norm.namedBuffers()];
  for (const [name, entry] of entries) {
    if (entry.value.dtype !== 'float32') continue;
    const value = tf.tidy(() => tf.add(tf.abs(random([CHANNELS], name.length)), 0.5));
    entry.fromDisk(value);
    value.dispose();
  }
  return norm;
}

const values = (tensor: tf.Tensor): Float32Array => {
  const data = tensor.dataSync<'float32'>().slice();
  tensor.dispose();
  return data;
};

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const largest = Math.max(1, ...expected.map(Math.abs));
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i])));
  expect(worst / largest).toBeLessThan(2e-6);
}

const activations: { nonlinearity?: Nonlinearity; withResidual: boolean }[] = [
  { withResidual: false },
  { withResidual: true },
  { nonlinearity: 'relu', withResidual: false },
  { nonlinearity: 'relu', withResidual: true },
  { nonlinearity: 'relu6', withResidual: false },
  { nonlinearity: 'relu6', withResidual: true },
  { nonlinearity: 'hardswish', withResidual: false },
  { nonlinearity: 'hardswish', withResidual: true },
];

const convolutions: [string, () => Convolution][] = [
  ['1x1', () => conv2d(1, 1)],
  ['3x3 with a bias', () => conv2d(3, 1, 1, true)],
  ['3x3, stride 2', () => conv2d(3, 2)],
  ['depthwise 3x3', () => depthwise(3, 1)],
  ['depthwise 5x5, stride 2', () => depthwise(5, 2)],
  ["depthwise 3x3, stride 2, 'same'", () => depthwise(3, 2, 'same')],
  [
    'transposed',
    () => new ConvTranspose2d(random([2, 2, CHANNELS, CHANNELS], 3) as tf.Tensor4D, undefined, { stride: 2 }),
  ],
];

describe.each([
  ...convolutions.map(([name, make]) => [name, 'frozen', make] as const),
  ['1x1', undefined, () => conv2d(1, 1)] as const,
  ['3x3 with a bias', undefined, () => conv2d(3, 1, 1, true)] as const,
  ['3x3', 'batch', () => conv2d(3, 1)] as const,
  ['3x3', 'group', () => conv2d(3, 1)] as const,
])('%s, norm %s', (_name, norm, make) => {
  test('computes the same before and after', () => {
    const x = random([2, 8, 12, CHANNELS], 4) as tf.Tensor4D;
    for (const { nonlinearity, withResidual } of activations) {
      const layer = new Layer(make(), norm && normalization(norm));
      const y = layer.convolution.forward(x);
      const residual = withResidual ? (random(y.shape, 5) as tf.Tensor4D) : undefined;
      y.dispose();
      const before = values(layer.forward(x, { residual, nonlinearity }));
      layer.prepareForInference();
      for (let time = 0; time < 2; time++) {
        expectClose(values(layer.forward(x, { residual, nonlinearity })), before);
      }
      layer.dispose();
      residual?.dispose();
    }
    x.dispose();
  });
});

test('a filter that is kept is that of its layer, whatever the size of the picture', () => {
  const layers = [1, 2, 3].map((seed) => new Layer(conv2d(3, 1, seed)));
  const pictures = [
    [1, 4, 4],
    [1, 32, 40],
    [3, 7, 5],
  ].map((shape) => random([...shape, CHANNELS], 6) as tf.Tensor4D);
  const all = () => pictures.flatMap((x) => layers.map((layer) => values(layer.forward(x))));
  const before = all();
  for (const layer of layers) layer.prepareForInference();
  all().forEach((after, i) => expectClose(after, before[i]));
  // Freeing what was kept of one leaves the others right, and a new layer does not inherit it.
  layers.shift()!.dispose();
  layers.unshift(new Layer(conv2d(3, 1, 1)));
  layers[0].prepareForInference();
  all().forEach((after, i) => expectClose(after, before[i]));
  tf.dispose(pictures);
  for (const layer of layers) layer.dispose();
});

test('weights that change count until then, and cannot change afterwards', () => {
  const layer = new Layer(conv2d(1, 1), normalization('frozen'));
  const x = random([1, 4, 4, CHANNELS], 4) as tf.Tensor4D;
  const entries = [...layer.namedParameters(), ...layer.namedBuffers()].map(([, entry]) => entry);
  const first = values(layer.forward(x));
  const doubled = tf.tidy(() => tf.mul(layer.convolution.weight.toDisk(), 2));
  layer.convolution.weight.fromDisk(doubled);
  const second = values(layer.forward(x));
  expect(second).not.toEqual(first);
  layer.prepareForInference();
  expectClose(values(layer.forward(x)), second);
  for (const entry of entries) {
    expect(entry.trainable).toBe(false);
    expect(() => entry.fromDisk(doubled)).toThrow(InferenceOnlyError);
    expect(() => entry.toDisk()).toThrow(InferenceOnlyError);
  }
  expect(() => layer.stateDict()).toThrow(InferenceOnlyError);
  expect(() => [...layer.namedParameters()]).toThrow('prepareForInference');
  expect(() => [...layer.namedBuffers()]).toThrow(InferenceOnlyError);
  expect(layer.trainable).toBe(false);
  expectClose(values(layer.forward(x)), second);
  tf.dispose([x, doubled]);
  layer.dispose();
});

test('a step of training is refused, by all that is left to ask', () => {
  const layer = new Layer(conv2d(1, 1));
  const parameters = [...layer.namedParameters()];
  layer.prepareForInference();
  const x = random([1, 4, 4, CHANNELS], 4) as tf.Tensor4D;
  const losses = () => ({ loss: tf.tidy((): tf.Scalar => tf.sum(layer.forward(x))) });
  expect(() => lossesAndGradients(losses, parameters)).toThrow(InferenceOnlyError);
  // Losses without a step may be asked for, that of a part without targets too.
  tf.dispose([losses(), zeroLoss(layer)]);
  x.dispose();
  layer.dispose();
});

test('no more tensors than the weights were, and filters of before the first use are freed too', () => {
  const layer = new Layer(conv2d(3, 1, 1, true));
  const { numTensors, numBytes } = tf.memory();
  layer.prepareForInference();
  const x = random([1, 4, 4, CHANNELS], 4) as tf.Tensor4D;
  layer.forward(x).dispose();
  x.dispose();
  expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  layer.dispose();
  const unused = new Layer(conv2d(3, 1));
  unused.prepareForInference();
  unused.dispose();
});

test.each([true, false])('a linear layer, relu %s', (relu) => {
  const layer = new Linear(random([6, 5], 1) as tf.Tensor2D, random([5], 2) as tf.Tensor1D);
  const x = random([7, 6], 3) as tf.Tensor2D;
  const before = values(layer.forward(x, { relu }));
  layer.prepareForInference();
  expectClose(values(layer.forward(x, { relu })), before);
  const loss = () => ({ loss: tf.tidy((): tf.Scalar => tf.sum(layer.forward(x))) });
  expect(() => lossesAndGradients(loss, [['weight', layer.weight]])).toThrow(InferenceOnlyError);
  const none = tf.zeros<tf.Rank.R2>([0, 6]);
  expect(values(layer.forward(none)).length).toBe(0);
  tf.dispose([x, none]);
  layer.dispose();
});
