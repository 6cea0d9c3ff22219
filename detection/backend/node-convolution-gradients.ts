/**
 * Gradients of convolutions, each by the fastest of the ways that TensorFlow has. Times are of one thread of an AMD EPYC (Zen 4,
 * AVX-512, avx512_bf16).
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { Padding } from './node-convolution-attributes';
import type { Attribute, NativeOperations } from './node-operations';

/** Of the gradient by the input: from so many channels on, padding it and cutting it is not slower in float32. */
const DEEP = 64;

/**
 * The gradient of a convolution by its input, of shape `inputShape`.
 *
 * With numeric padding and a stride TensorFlow takes a slow path in bfloat16. The gradient by the padded input, without the padding's
 * share, takes the fast one: 312 to 6 ms for 3x3 from 64x64x256 to 32x32x256 in bfloat16; 25 to 15 ms in float32 from
 * 32x32x512 to 16x16x512, but 29 to 32 ms where the gradient has 17 channels.
 */
export function inputGradient(
  { dy, filter, inputShape }: { dy: tf.TensorInfo; filter: tf.TensorInfo; inputShape: number[] },
  padding: Padding,
  native: NativeOperations,
  attributes: (padding: Padding) => Attribute[],
): tf.Tensor {
  const run = (shape: number[], by: Padding): tf.Tensor =>
    native.withInts(shape, (sizes) => native.run('Conv2DBackpropInput', attributes(by), [sizes, filter, dy]));
  const [batch, height, width, channels] = inputShape;
  if (isByRule(padding) || (channels < DEEP && !native.isBfloat16(dy))) return run(inputShape, padding);
  const { top, bottom, left, right } = padding;
  const padded = run([batch, height + top + bottom, width + left + right, channels], {
    ...padding,
    type: 'VALID',
  });
  const gradient = native.slice(padded, [0, top, left, 0], inputShape);
  padded.dispose();
  return gradient;
}

/**
 * The gradient of a convolution by its filter, of shape `filterShape`.
 *
 * Of a 1x1 convolution it is a matrix product: 7.1 to 5.9 ms for 64x64x128 to 512 channels in float32, 4.1 to 2.9 ms for 16x16x512
 * to 2048 in bfloat16. (TensorFlow 2.21 with oneDNN even corrupts the heap in the gradient of a strided one of few channels: 2,
 * 6, 8 and 12 at 192 pixels did, 16 to 40 did not.) With numeric padding, a copy with zeros around it takes a fast path: 13 ms
 * for ResNet's first layer on 8x320x320, EXPLICIT 76 ms.
 */
export function filterGradient(
  { dy, x, filterShape }: { dy: tf.TensorInfo; x: tf.TensorInfo; filterShape: number[] },
  padding: Padding,
  strides: [number, number],
  native: NativeOperations,
  attributes: (padding: Padding) => Attribute[],
): tf.Tensor {
  const [height, width] = filterShape;
  if (height === 1 && width === 1 && padding.type === 'VALID') {
    if (Math.max(...strides) === 1) return productGradient(x, dy, filterShape, native);
    const seen = native.everyNthPixel(x, strides);
    const gradient = productGradient(seen, dy, filterShape, native);
    seen.dispose();
    return gradient;
  }
  const run = (input: tf.TensorInfo, by: Padding): tf.Tensor =>
    native.withInts(filterShape, (shape) =>
      native.run('Conv2DBackpropFilter', attributes(by), [input, shape, dy]),
    );
  if (isByRule(padding)) return run(x, padding);
  const { top, bottom, left, right } = padding;
  const padded = native.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const gradient = run(padded, { ...padding, type: 'VALID' });
  padded.dispose();
  return gradient;
}

/** Of a 1x1 convolution of every pixel of x: the product of x and dy, over all pixels. */
function productGradient(
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  filterShape: number[],
  native: NativeOperations,
): tf.Tensor {
  const [pixels, gradients] = [x, dy].map((maps) => native.reshape(maps, [-1, maps.shape[3]]));
  const attributes = [native.floatType('T'), native.bool('adj_x', true), native.bool('adj_y', false)];
  const product = native.run('BatchMatMulV2', attributes, [pixels, gradients]);
  const gradient = native.reshape(product, filterShape);
  for (const used of [pixels, gradients, product]) used.dispose();
  return gradient;
}

/** Whether TensorFlow has a name for how a convolution pads. */
function isByRule({ type }: Padding): boolean {
  return type !== 'NUMBER' && type !== 'EXPLICIT';
}
