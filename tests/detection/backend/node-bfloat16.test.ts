import * as tf from '@tensorflow/tfjs-core';
import { isBfloat16 } from '../../../detection/backend/node';
import { runKernel } from '../../../detection/nn/kernels';
import { random } from '../nn/same-gradients';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const inBfloat16 = (x: tf.Tensor): tf.Tensor => runKernel('InBfloat16', { x });

/** Gradients of what numeric padding is for: 3x3 filters that move by two pixels. */
const strided = { strides: 2, pad: 1, dilations: 1, dataFormat: 'NHWC' };

/** Values, and whether they are in bfloat16; what `f` makes is disposed. */
function resultOf(f: () => tf.Tensor): { values: number[]; isLow: boolean } {
  return tf.tidy(() => {
    const x = f();
    return { values: [...x.dataSync()], isLow: isBfloat16(x.dataId) };
  });
}

test('values are rounded to 8 bits, to the even neighbor of two, and read as float32', () => {
  const x = [1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -3e38, 1e-30, Infinity];
  const { values, isLow } = resultOf(() => inBfloat16(tf.tensor1d(x)));
  expect(isLow).toBe(true);
  expect(values.slice(0, 3)).toEqual([1, 1, 1 + 2 ** -6]);
  values.slice(3).forEach((value, i) => {
    if (x[3 + i] !== Infinity) expect(Math.abs(value / x[3 + i] - 1)).toBeLessThan(2 ** -8);
    else expect(value).toBe(Infinity);
  });
  expect(resultOf(() => runKernel('InFloat32', { x: inBfloat16(tf.tensor1d(x)) }))).toEqual({
    values,
    isLow: false,
  });
});

test('a conversion to what a tensor is shares its memory', () => {
  const x = tf.tensor1d([1, 2]);
  const low = inBfloat16(x);
  const [same, sameLow] = [runKernel('InFloat32', { x }), inBfloat16(low)];
  expect([same.dataId, sameLow.dataId]).toEqual([x.dataId, low.dataId]);
  tf.dispose([x, low, same]);
  expect(sameLow.dataSync()).toEqual(new Float32Array([1, 2]));
  sameLow.dispose();
});

test('what moves, compares or adds bfloat16 stays bfloat16; all else, and what float32 takes part in, is float32', () => {
  const maps = (seed: number): tf.Tensor4D => inBfloat16(random([1, 4, 4, 2], seed)) as tf.Tensor4D;
  const kept = [
    () => tf.relu(maps(1)),
    () => tf.add(maps(1), maps(2)),
    () => tf.reshape(maps(1), [16, 2]),
    () => tf.slice(maps(1), [0, 1, 1, 0], [1, 2, 2, 2]),
    () => tf.concat([maps(1), maps(2)], 3),
    () => tf.gather(tf.reshape(maps(1), [16, 2]), tf.tensor1d([3, 1], 'int32')),
    () => tf.maxPool(maps(1), 2, 2, 'valid'),
    () => tf.image.resizeNearestNeighbor(maps(1), [8, 8]),
    () => tf.conv2d(maps(1), inBfloat16(random([3, 3, 2, 3], 3)) as tf.Tensor4D, 1, 1),
    () => tf.matMul(tf.reshape(maps(1), [16, 2]), tf.reshape(maps(2), [2, 16])),
  ];
  for (const operation of kept) expect(resultOf(operation).isLow).toBe(true);
  const raised = [
    () => tf.add(maps(1), random([1, 4, 4, 2], 2)),
    () => tf.mul(maps(1), maps(2)),
    () => tf.exp(maps(1)),
    () => tf.sum(maps(1)),
    () => tf.cast(tf.greater(maps(1), 0), 'float32'),
  ];
  for (const operation of raised) expect(resultOf(operation).isLow).toBe(false);
});

test('an operation that fails leaves no copy behind', () => {
  const x = tf.tidy(() => inBfloat16(tf.ones([2, 3])));
  const { numTensors } = tf.memory();
  expect(() =>
    runKernel('CropAndResizeGradImage', { dy: x, boxes: x, boxInd: x }, { imageShape: [1] }),
  ).toThrow();
  expect(tf.memory().numTensors).toBe(numTensors);
  x.dispose();
});

test('gradients of convolutions in bfloat16 are those in float32, rounded', () => {
  const cases = [
    { filter: [3, 3, 2, 4], attributes: { ...strided, pad: 1 } },
    { filter: [1, 1, 2, 4], attributes: { ...strided, pad: 0 } },
    { filter: [1, 1, 2, 4], attributes: { ...strided, strides: 1, pad: 0 } },
  ];
  for (const { filter: filterShape, attributes } of cases) {
    const inputShape = [2, 8, 8, 2];
    const side = 8 / attributes.strides;
    const gradients = (lower: (x: tf.Tensor) => tf.Tensor): tf.Tensor[] => {
      const [x, filter, dy] = [inputShape, filterShape, [2, side, side, 4]].map((shape, i) =>
        lower(inBfloat16(random(shape, i + 1))),
      );
      return [
        runKernel('Conv2DBackpropInput', { dy, filter }, { ...attributes, inputShape }),
        runKernel('Conv2DBackpropFilter', { x, dy }, { ...attributes, filterShape }),
      ];
    };
    tf.tidy(() => {
      const low = gradients((x) => x);
      const high = gradients((x) => runKernel('InFloat32', { x }));
      low.forEach((gradient, i) => {
        expect(isBfloat16(gradient.dataId)).toBe(true);
        const largest = tf.max(tf.abs(high[i])).dataSync()[0];
        expect(tf.max(tf.abs(tf.sub(gradient, high[i]))).dataSync()[0]).toBeLessThan(largest * 2 ** -7);
      });
    });
  }
});
