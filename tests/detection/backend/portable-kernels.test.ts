import * as tf from '@tensorflow/tfjs-core';
import { registerPortableKernels } from '../../../detection/backend/portable-kernels';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

interface Case {
  readonly kernel: string;
  /** Of the inputs, by name: a shape of noise, or the values themselves. */
  readonly inputs: Readonly<Record<string, number[] | (() => tf.Tensor)>>;
  readonly attributes?: object;
}

const ints = (values: number[], shape: number[]) => () => tf.tensor(values, shape, 'int32');
/** Values of which many are equal, and more negative than not: pooling has ties, and windows without a positive value. */
const steps = (shape: number[]) => () =>
  tf.tidy(() => tf.sub(tf.round(tf.mul(tf.randomNormal(shape, 0, 1, 'float32', 5), 1.5)), 1.25));
const pooling = (filterSize: number, strides: number, pad: number, side: number, pooled: number): Case => ({
  kernel: 'MaxPoolGrad',
  inputs: {
    dy: [2, pooled, pooled, 3],
    input: steps([2, side, side, 3]),
    output: () =>
      tf.tidy(() =>
        tf.maxPool(steps([2, side, side, 3])() as tf.Tensor4D, filterSize, strides, pad, 'floor'),
      ),
  },
  attributes: { filterSize, strides, pad, dimRoundingMode: 'floor' },
});
const convolution = (side: number, strides: number, pad: number, dilations = 1) => ({
  attributes: { strides, pad, dilations, dataFormat: 'NHWC', dimRoundingMode: 'floor' },
  out: Math.floor((side + 2 * pad - dilations * 2 - 1) / strides) + 1,
});

const depthwise = (attributes: object, side: number, out: number): Case[] => [
  {
    kernel: 'DepthwiseConv2dNativeBackpropFilter',
    inputs: { x: [2, side, side, 3], dy: [2, out, out, 3] },
    attributes: { ...attributes, filterShape: [3, 3, 3, 1] },
  },
  {
    kernel: 'DepthwiseConv2dNativeBackpropInput',
    inputs: { dy: [2, out, out, 3], filter: [3, 3, 3, 1] },
    attributes: { ...attributes, inputShape: [2, side, side, 3] },
  },
];

const cases: Case[] = [
  { kernel: 'BiasAddGrad', inputs: { dy: [2, 3, 4, 5] } },
  { kernel: 'BiasAddGrad', inputs: { dy: [6, 4] } },
  { kernel: 'ReluGrad', inputs: { dy: [2, 3, 4, 5], y: steps([2, 3, 4, 5]) } },
  { kernel: 'Relu6Grad', inputs: { dy: [40], y: () => tf.linspace(-2, 8, 40) } },
  {
    kernel: 'BatchNormInferenceGrad',
    inputs: {
      dy: [2, 3, 4, 5],
      x: [2, 3, 4, 5],
      scale: [5],
      mean: [5],
      variance: () => tf.linspace(0.1, 2, 5),
    },
    attributes: { epsilon: 1e-5 },
  },
  ...[convolution(9, 1, 1), convolution(9, 2, 1), convolution(10, 2, 0), convolution(9, 1, 2, 2)].flatMap(
    ({ attributes, out }, k): Case[] => {
      const side = [9, 9, 10, 9][k];
      return [
        {
          kernel: 'Conv2DBackpropFilter',
          inputs: { x: [2, side, side, 3], dy: [2, out, out, 4] },
          attributes: { ...attributes, filterShape: [3, 3, 3, 4] },
        },
        // TensorFlow's gradients of depthwise convolutions know no dilation.
        ...(attributes.dilations > 1 ? [] : depthwise(attributes, side, out)),
      ];
    },
  ),
  pooling(3, 2, 1, 9, 5),
  pooling(1, 2, 0, 8, 4),
  pooling(2, 2, 0, 9, 4),
  {
    kernel: 'CropAndResizeGradImage',
    inputs: {
      dy: [3, 4, 5, 2],
      boxes: () => tf.tensor2d([0.1, 0.2, 0.8, 0.9, -0.3, 0.5, 0.4, 1.2, 0, 0, 1, 1], [3, 4]),
      boxInd: ints([1, 0, 1], [3]),
    },
    attributes: { imageShape: [2, 7, 9, 2] },
  },
  {
    kernel: 'CropAndResizeGradImage',
    inputs: {
      dy: [1, 1, 1, 2],
      boxes: () => tf.tensor2d([0.1, 0.2, 0.8, 0.9], [1, 4]),
      boxInd: ints([0], [1]),
    },
    attributes: { imageShape: [1, 7, 9, 2] },
  },
  ...[
    { alignCorners: false, halfPixelCenters: true },
    { alignCorners: false, halfPixelCenters: false },
    { alignCorners: true, halfPixelCenters: false },
  ].map((attributes): Case => {
    return { kernel: 'ResizeBilinearGrad', inputs: { dy: [2, 7, 4, 3], images: [2, 3, 6, 3] }, attributes };
  }),
  {
    kernel: 'UnsortedSegmentSum',
    inputs: { x: [4, 3], segmentIds: ints([2, 0, 2, 4], [4]) },
    attributes: { numSegments: 6 },
  },
  {
    kernel: 'TensorScatterAdd',
    inputs: { tensor: [5, 3], indices: ints([2, 0, 2], [3, 1]), updates: [3, 3] },
  },
  {
    kernel: 'MirrorPadGrad',
    inputs: { dy: [2, 6, 9, 3] },
    attributes: { paddings: [[0, 0], [1, 1], [2, 1], [0, 0]] }, // prettier-ignore
  },
];

function run({ kernel, inputs, attributes = {} }: Case): { shape: number[]; values: number[] }[] {
  return tf.tidy(() => {
    const tensors = Object.entries(inputs).map(([name, input], k): [string, tf.Tensor] => [
      name,
      typeof input === 'function' ? input() : tf.randomNormal(input, 0, 1, 'float32', k + 1),
    ]);
    const outputs = tf
      .engine()
      .runKernel<tf.Tensor | tf.Tensor[]>(kernel, Object.fromEntries(tensors), { ...attributes });
    return [outputs].flat().map((output) => ({ shape: output.shape, values: [...output.dataSync()] }));
  });
}

test('portable kernels compute what TensorFlow’s do, and leave no tensor', () => {
  const expected = cases.map(run);
  registerPortableKernels('tensorflow');
  const { numTensors } = tf.memory();
  cases.forEach((each, k) => {
    const actual = run(each);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(actual.map(({ shape }) => shape)).toEqual(expected[k].map(({ shape }) => shape));
    actual.forEach(({ values }, output) => {
      const differences = values.map((value, i) => Math.abs(value - expected[k][output].values[i]));
      expect([each.kernel, JSON.stringify(each.attributes), Math.max(...differences) < 1e-4]).toEqual([
        each.kernel,
        JSON.stringify(each.attributes),
        true,
      ]);
    });
  });
});
