import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import type { Nonlinearity } from '../../../detection/nn/activations';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Conv2d, type Activation, type ConvolutionOptions } from '../../../detection/nn/convolution';
import { DepthwiseConv2d } from '../../../detection/nn/depthwise-convolution';
import { Linear } from '../../../detection/nn/linear';
import { Parameter, type Module } from '../../../detection/nn/module';
import {
  BatchNorm,
  FrozenBatchNorm,
  GroupNorm,
  type Normalization,
} from '../../../detection/nn/normalization';
import { expectSameGradients, random } from './same-gradients';

beforeAll(async () => {
  await loadBackend();
});

type Padding = ConvolutionOptions['padding'];

/** tf.conv2d or tf.depthwiseConv2d with zeros around, which tfjs can differentiate by itself. */
function convolve(
  x: tf.Tensor,
  weight: tf.Tensor,
  stride: number,
  padding: Padding,
  convolution: typeof tf.conv2d | typeof tf.depthwiseConv2d = tf.conv2d,
): tf.Tensor4D {
  if (padding === 'same') return convolution(x as tf.Tensor4D, weight as tf.Tensor4D, stride, 'same');
  const sides: [number, number] = [padding ?? 0, padding ?? 0];
  const padded = tf.pad(x as tf.Tensor4D, [[0, 0], sides, sides, [0, 0]]);
  return convolution(padded, weight as tf.Tensor4D, stride, 'valid');
}

const references: Record<Nonlinearity, (x: tf.Tensor) => tf.Tensor> = {
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.clipByValue(x, 0, 6),
  hardswish: (x) => tf.div(tf.mul(x, tf.clipByValue(tf.add(x, 3), 0, 6)), 6),
};

function finish(y: tf.Tensor, values: Record<string, tf.Tensor>, nonlinearity?: Nonlinearity): tf.Tensor {
  const sum = values['residual'] ? tf.add(y, values['residual']) : y;
  return nonlinearity ? references[nonlinearity](sum) : sum;
}

interface Variant {
  kernel: number;
  stride: number;
  padding: Padding;
  nonlinearity?: Nonlinearity;
  withResidual: boolean;
}

const variants: Variant[] = [
  { kernel: 3, stride: 1, padding: 1, nonlinearity: 'relu', withResidual: true },
  { kernel: 3, stride: 2, padding: 1, nonlinearity: 'relu', withResidual: false },
  { kernel: 1, stride: 2, padding: 0, withResidual: true },
  { kernel: 7, stride: 2, padding: 3, withResidual: false },
  { kernel: 3, stride: 2, padding: 'same', nonlinearity: 'relu6', withResidual: false },
  { kernel: 1, stride: 1, padding: 0, nonlinearity: 'hardswish', withResidual: true },
];

const title = 'kernel $kernel, stride $stride, padding $padding, $nonlinearity, residual $withResidual';

describe.each(variants)(title, (variant) => {
  const { kernel, stride, padding, nonlinearity, withResidual } = variant;
  const outputShape = [2, stride === 1 ? 9 : 5, stride === 1 ? 12 : 6, 4];

  function setUp(bias: boolean) {
    const x = new Parameter(random([2, 9, 12, 3], 1), 'same', true);
    const residual = withResidual ? new Parameter(random(outputShape, 2), 'same', true) : undefined;
    const weight = random([kernel, kernel, 3, 4], 3) as tf.Tensor4D;
    const convolution = new Conv2d(weight, bias ? (random([4], 4) as tf.Tensor1D) : undefined, {
      stride,
      padding,
    });
    const activation: Activation = { residual: residual?.value as tf.Tensor4D | undefined, nonlinearity };
    const parameters: Record<string, Parameter> = { x, weight: convolution.weight };
    if (convolution.bias) parameters['bias'] = convolution.bias;
    if (residual) parameters['residual'] = residual;
    return { x, convolution, activation, parameters };
  }

  function cleanUp(parameters: Record<string, Parameter>, ...modules: Module[]): void {
    for (const module of modules) module.dispose();
    for (const name of ['x', 'residual']) parameters[name]?.dispose();
  }

  test('convolution with a bias', () => {
    const { x, convolution, activation, parameters } = setUp(true);
    expectSameGradients(
      parameters,
      () => convolution.forward(x.value as tf.Tensor4D, activation),
      (values) =>
        finish(
          tf.add(convolve(values['x'], values['weight'], stride, padding), values['bias']),
          values,
          nonlinearity,
        ),
    );
    cleanUp(parameters, convolution);
  });

  test('convolution with frozen batch norm', () => {
    const { x, convolution, activation, parameters } = setUp(false);
    const norm = new FrozenBatchNorm(4);
    norm.weight.fromDisk(tf.tidy(() => random([4], 5)));
    norm.runningVariance.fromDisk(tf.tensor1d([0.5, 2, 1, 0.1]));
    norm.runningMean.fromDisk(tf.tensor1d([0.5, -2, 1, 0.1]));
    expectSameGradients(
      parameters,
      () => norm.afterConvolution(convolution, x.value as tf.Tensor4D, activation),
      (values) => {
        const y = convolve(values['x'], values['weight'], stride, padding);
        const { weight, bias, runningMean, runningVariance } = norm;
        const normal = tf.batchNorm(
          y,
          runningMean.value as tf.Tensor1D,
          runningVariance.value as tf.Tensor1D,
          bias.value as tf.Tensor1D,
          weight.value as tf.Tensor1D,
          1e-5,
        );
        return finish(normal, values, nonlinearity);
      },
    );
    cleanUp(parameters, convolution, norm);
  });

  const normalize: Record<
    string,
    [
      new (channels: number) => Normalization & { weight: Parameter; bias: Parameter },
      (y: tf.Tensor) => tf.Tensor,
    ]
  > = {
    'batch norm': [
      BatchNorm,
      (y) => {
        const { mean, variance } = tf.moments(y, [0, 1, 2]);
        return tf.div(tf.sub(y, mean), tf.sqrt(tf.add(variance, 1e-5)));
      },
    ],
    'group norm': [
      class extends GroupNorm {
        constructor(channels: number) {
          super(channels, 2);
        }
      },
      (y) => {
        const groups = tf.reshape(y, [2, -1, 2, 2]);
        const { mean, variance } = tf.moments(groups, [1, 3], true);
        return tf.reshape(tf.div(tf.sub(groups, mean), tf.sqrt(tf.add(variance, 1e-5))), y.shape);
      },
    ],
  };

  test.each(Object.keys(normalize))('convolution with %s', (name) => {
    const [Norm, reference] = normalize[name];
    const { x, convolution, activation, parameters } = setUp(false);
    const norm = new Norm(4);
    norm.weight.fromDisk(tf.tensor1d([1, 0.5, -2, 0.1]));
    norm.bias.fromDisk(tf.tensor1d([0.3, 0, -0.2, 0.1]));
    expectSameGradients(
      { ...parameters, scale: norm.weight, offset: norm.bias },
      () => norm.afterConvolution(convolution, x.value as tf.Tensor4D, activation),
      (values) => {
        const normal = reference(convolve(values['x'], values['weight'], stride, padding));
        return finish(tf.add(tf.mul(normal, values['scale']), values['offset']), values, nonlinearity);
      },
    );
    cleanUp(parameters, convolution, norm);
  });
});

const depthwiseVariants: Omit<Variant, 'withResidual'>[] = [
  { kernel: 3, stride: 1, padding: 1, nonlinearity: 'relu' },
  { kernel: 3, stride: 2, padding: 1, nonlinearity: 'relu6' },
  { kernel: 5, stride: 2, padding: 2, nonlinearity: 'hardswish' },
  { kernel: 5, stride: 2, padding: 'same' },
];

describe.each(depthwiseVariants)(
  'depthwise, kernel $kernel, stride $stride, padding $padding, $nonlinearity',
  ({ kernel, stride, padding, nonlinearity }) => {
    // An even side and an odd one: 'same' puts the odd zero at the end.
    const setUp = () => ({
      x: new Parameter(random([2, 8, 11, 3], 1), 'same', true),
      convolution: new DepthwiseConv2d(random([kernel, kernel, 3, 1], 2) as tf.Tensor4D, { stride, padding }),
    });
    const reference = ({ x, weight }: Record<string, tf.Tensor>): tf.Tensor4D =>
      convolve(x, weight, stride, padding, tf.depthwiseConv2d);

    test('alone', () => {
      const { x, convolution } = setUp();
      expectSameGradients(
        { x, weight: convolution.weight },
        () => convolution.forward(x.value as tf.Tensor4D, { nonlinearity }),
        (values) => finish(reference(values), values, nonlinearity),
      );
      convolution.dispose();
      x.dispose();
    });

    test('with frozen batch norm', () => {
      const { x, convolution } = setUp();
      const norm = new FrozenBatchNorm(3, 1e-3);
      norm.weight.fromDisk(tf.tensor1d([0.5, -2, 1]));
      norm.runningVariance.fromDisk(tf.tensor1d([0.5, 2, 0.1]));
      expectSameGradients(
        { x, weight: convolution.weight },
        () => norm.afterConvolution(convolution, x.value as tf.Tensor4D, { nonlinearity }),
        (values) => {
          const scale = tf.div(norm.weight.value, tf.sqrt(tf.add(norm.runningVariance.value, 1e-3)));
          return finish(tf.mul(reference(values), scale), values, nonlinearity);
        },
      );
      convolution.dispose();
      norm.dispose();
      x.dispose();
    });
  },
);

test('a depthwise filter is [channels, 1, height, width] on disk', () => {
  const convolution = new DepthwiseConv2d(tf.tensor4d([1, 2, 3, 4, 5, 6], [1, 3, 2, 1]));
  const { weight } = convolution;
  const onDisk = weight.toDisk();
  expect(onDisk.shape).toEqual([2, 1, 1, 3]);
  expect(weight.shapeOnDisk).toEqual([2, 1, 1, 3]);
  expect([...onDisk.dataSync()]).toEqual([1, 3, 5, 2, 4, 6]);
  weight.fromDisk(onDisk);
  expect([...weight.value.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
  onDisk.dispose();
  convolution.dispose();
});

test.each([true, false])('linear layer, relu %s', (relu) => {
  const x = new Parameter(random([5, 3], 1), 'same', true);
  const layer = new Linear(random([3, 4], 2) as tf.Tensor2D, random([4], 3) as tf.Tensor1D);
  expectSameGradients(
    { x, weight: layer.weight, bias: layer.bias },
    () => layer.forward(x.value as tf.Tensor2D, { relu }),
    ({ x, weight, bias }) =>
      finish(tf.add(tf.matMul(x as tf.Tensor2D, weight as tf.Tensor2D), bias), {}, relu ? 'relu' : undefined),
  );
  layer.dispose();
  x.dispose();
});

// TensorFlow's kernel for it writes beyond its memory, which shows from about this size on.
test('the filter gradient of a strided 1x1 convolution of few channels is that of the pixels it sees', () => {
  const before = tf.memory().numTensors;
  const convolution = new Conv2d(random([1, 1, 8, 4], 1) as tf.Tensor4D, undefined, { stride: 2 });
  const x = random([1, 193, 192, 8], 2) as tf.Tensor4D;
  const { losses, gradients } = lossesAndGradients(
    () => ({ loss: tf.sum(tf.square(convolution.forward(x))) }),
    [['weight', convolution.weight]],
  );
  const difference = tf.tidy(() => {
    const seen = tf.reshape(tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1]), [-1, 8]);
    const y = tf.matMul(seen, tf.reshape(convolution.weight.value, [8, 4]));
    const expected = tf.matMul(seen, tf.mul(y, 2), true);
    const actual = tf.reshape(gradients.get('weight')!, [8, 4]);
    return tf.max(tf.div(tf.abs(tf.sub(actual, expected)), tf.max(tf.abs(expected)))).dataSync()[0];
  });
  expect(difference).toBeLessThan(1e-4);
  tf.dispose([losses, [...gradients.values()], x]);
  convolution.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
