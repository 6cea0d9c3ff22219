import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { ConvTranspose2d, type ConvTransposeOptions } from '../../../detection/nn/conv-transpose';
import { Parameter } from '../../../detection/nn/module';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { expectSameGradients, random } from './same-gradients';

beforeAll(() => loadBackend());

type Shape = [number, number, number, number];

/** torch.nn.ConvTranspose2d by its definition: every pixel of x [1, H, W, in] adds the kernel, weighted, to the output. */
function byDefinition(
  x: Float32Array,
  [, height, width, inChannels]: Shape,
  weight: tf.Tensor,
  bias: Float32Array,
  { stride = 1, padding = 0 }: ConvTransposeOptions,
): number[][][] {
  const values = weight.arraySync() as number[][][][]; // [in, out, kh, kw], as torch stores it
  const kernel = values[0][0].length;
  const side = (length: number): number => (length - 1) * stride - 2 * padding + kernel;
  const output = Array.from({ length: side(height) }, () =>
    Array.from({ length: side(width) }, () => [...bias]),
  );
  for (let i = 0; i < x.length; i++) {
    const channel = i % inChannels;
    const column = Math.floor(i / inChannels) % width;
    const row = Math.floor(i / inChannels / width);
    values[channel].forEach((filter, out) =>
      filter.forEach((weights, dy) =>
        weights.forEach((w, dx) => {
          const pixel = output[row * stride - padding + dy]?.[column * stride - padding + dx];
          if (pixel) pixel[out] += w * x[i];
        }),
      ),
    );
  }
  return output;
}

describe.each([
  ['2x2, stride 2, as the mask predictor has it', 2, { stride: 2 }],
  ['4x4, stride 2, padding 1, as the keypoint predictor has it', 4, { stride: 2, padding: 1 }],
  ['3x3, stride 1', 3, {}],
] as const)('a transposed convolution, %s', (_, kernel, options) => {
  expectNoTensorLeaks();
  const shape: Shape = [1, 3, 4, 5];
  const layer = (): ConvTranspose2d =>
    new ConvTranspose2d(
      random([kernel, kernel, 6, 5], 1) as tf.Tensor4D,
      random([6], 2) as tf.Tensor1D,
      options,
    );

  test('spreads each pixel as torch does, from a weight that is stored in torch’s shape', () => {
    const transposed = layer();
    const x = random(shape, 3) as tf.Tensor4D;
    expect(transposed.weight.shapeOnDisk).toEqual([5, 6, kernel, kernel]);
    const onDisk = transposed.weight.toDisk();
    const bias = transposed.bias!.value.dataSync<'float32'>();
    const expected = byDefinition(x.dataSync<'float32'>(), shape, onDisk, bias, options);
    const y = transposed.forward(x);
    expect(y.shape.slice(1, 3)).toEqual([expected.length, expected[0].length]);
    const flat = expected.flat(2);
    y.dataSync().forEach((value, i) => expect(value).toBeCloseTo(flat[i], 4));
    transposed.weight.fromDisk(onDisk);
    const again = transposed.forward(x);
    expect(again.dataSync()).toEqual(y.dataSync());
    tf.dispose([x, onDisk, y, again]);
    transposed.dispose();
  });

  test('has the gradients of tfjs’s own, with a ReLU behind it', () => {
    const transposed = layer();
    const x = new Parameter(random(shape, 4), 'same', true);
    const size = transposed.forward(x.value as tf.Tensor4D);
    const outputShape = size.shape;
    size.dispose();
    const { stride = 1, padding = 0 } = options as ConvTransposeOptions;
    expectSameGradients(
      { x, weight: transposed.weight, bias: transposed.bias! },
      () => transposed.forward(x.value as tf.Tensor4D, { nonlinearity: 'relu' }),
      ({ x, weight, bias }) =>
        tf.relu(
          tf.add(
            tf.conv2dTranspose(x as tf.Tensor4D, weight as tf.Tensor4D, outputShape, stride, padding),
            bias,
          ),
        ),
    );
    x.dispose();
    transposed.dispose();
  });
});
