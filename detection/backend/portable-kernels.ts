/**
 * The kernels that a detector trains with, for backends that have none of their own, or wrong ones: written with tf.* and with loops
 * over values, which have to be readable synchronously. Slower than a native library's, and equal to it but for rounding.
 */
import * as tf from '@tensorflow/tfjs-core';
import { placesInCrop, placesInResized, Shares } from './bilinear-shares';
import { forEachTap } from './window-taps';

type Shape4D = [number, number, number, number];
type Inputs = Record<string, tf.Tensor>;
type Attributes = Record<string, unknown>;
type Kernel = (inputs: Inputs, attributes: Attributes) => tf.Tensor | tf.Tensor[];

const kernels: Record<string, Kernel> = {
  BiasAddGrad: ({ dy }) => tf.sum(tf.reshape(dy, [-1, dy.shape.at(-1)!]), 0),

  ReluGrad: ({ dy, y }) => tf.where(tf.greater(y, 0), dy, 0),

  Relu6Grad: ({ dy, y }) => tf.where(tf.logicalAnd(tf.greater(y, 0), tf.less(y, 6)), dy, 0),

  BatchNormInferenceGrad: ({ dy, x, scale, mean, variance }, { epsilon }) => {
    const perDeviation = tf.rsqrt(tf.add(variance, epsilon as number));
    const normalized = tf.mul(tf.sub(x, mean), perDeviation);
    const channelSum = (values: tf.Tensor): tf.Tensor => tf.sum(values, [0, 1, 2]);
    return [tf.mul(dy, tf.mul(scale, perDeviation)), channelSum(tf.mul(dy, normalized)), channelSum(dy)];
  },

  Conv2DBackpropFilter: ({ x, dy }, attributes) => {
    const filterShape = attributes['filterShape'] as Shape4D;
    const rows = tf.reshape(dy, [-1, filterShape[3]]);
    const products = seenByPlace(x, convolutionInfo(x.shape, filterShape, attributes)).map((seen) =>
      // Transposed by itself: of two matrices that are not, WebAssembly has a fast product.
      tf.matMul(tf.transpose(tf.reshape(seen, [-1, filterShape[2]])), rows),
    );
    return tf.reshape(tf.stack(products), filterShape);
  },

  DepthwiseConv2dNativeBackpropFilter: ({ x, dy }, attributes) => {
    const filterShape = attributes['filterShape'] as Shape4D;
    const sums = seenByPlace(x, depthwiseInfo(x.shape, filterShape, attributes)).map((seen) =>
      tf.sum(tf.mul(seen, dy), [0, 1, 2]),
    );
    return tf.reshape(tf.stack(sums), filterShape);
  },

  DepthwiseConv2dNativeBackpropInput: ({ dy, filter }, attributes) => {
    const inputShape = attributes['inputShape'] as Shape4D;
    const channels = inputShape[3];
    const [gradients, weights] = [dy, filter].map((tensor) => tensor.dataSync<'float32'>());
    const dx = new Float32Array(tf.util.sizeFromShape(inputShape));
    forEachTap(depthwiseInfo(inputShape, filter.shape, attributes), (output, input, place) => {
      for (let c = 0; c < channels; c++) {
        dx[input * channels + c] += gradients[output * channels + c] * weights[place * channels + c];
      }
    });
    return tf.tensor(dx, inputShape);
  },

  /** In place of WebAssembly's, which loses the gradient where the largest value of a window is negative. */
  MaxPoolGrad: ({ dy, input, output }, { filterSize, strides, pad, dimRoundingMode }) => {
    const info = tf.backend_util.computePool2DInfo(
      input.shape as Shape4D,
      filterSize as number,
      strides as number,
      1,
      pad as number,
      dimRoundingMode as 'floor' | undefined,
    );
    const channels = info.inChannels;
    const [gradients, values, largest] = [dy, input, output].map((tensor) => tensor.dataSync<'float32'>());
    /** Of each value of the output: the pixel that it comes from, the first of several. */
    const source = new Int32Array(largest.length).fill(-1);
    forEachTap(info, (outputPixel, inputPixel) => {
      for (let c = 0, i = outputPixel * channels; c < channels; c++, i++) {
        if (source[i] < 0 && values[inputPixel * channels + c] === largest[i]) source[i] = inputPixel;
      }
    });
    const dx = new Float32Array(values.length);
    source.forEach((pixel, i) => (dx[pixel * channels + (i % channels)] += gradients[i]));
    return tf.tensor(dx, input.shape);
  },

  CropAndResizeGradImage: ({ dy, boxes, boxInd }, { imageShape }) => {
    const shape = imageShape as Shape4D;
    const [count, rows, columns] = dy.shape as Shape4D;
    const sides = boxes.dataSync<'float32'>();
    const images = boxInd.dataSync<'int32'>();
    const dx = new Shares(dy, shape);
    for (let box = 0; box < count; box++) {
      const [y1, x1, y2, x2] = sides.subarray(4 * box, 4 * box + 4);
      dx.add(box, images[box], placesInCrop(y1, y2, rows, shape[1]), placesInCrop(x1, x2, columns, shape[2]));
    }
    return dx.tensor();
  },

  /** In place of WebAssembly's, which knows nothing of half-pixel centers. */
  ResizeBilinearGrad: ({ dy, images }, attributes) => {
    const shape = images.shape as Shape4D;
    const [batch, height, width] = shape;
    const [, rows, columns] = dy.shape as Shape4D;
    const dx = new Shares(dy, shape);
    const down = placesInResized(height, rows, attributes);
    const across = placesInResized(width, columns, attributes);
    for (let image = 0; image < batch; image++) dx.add(image, image, down, across);
    return dx.tensor();
  },

  UnsortedSegmentSum: ({ x, segmentIds }, { numSegments }) => {
    const shape = [numSegments as number, ...x.shape.slice(1)];
    return tf.tensor(withRows(new Float32Array(tf.util.sizeFromShape(shape)), segmentIds, x), shape);
  },

  TensorScatterAdd: ({ tensor, indices, updates }) =>
    tf.tensor(withRows(tensor.dataSync<'float32'>().slice(), indices, updates), tensor.shape),

  MirrorPadGrad: ({ dy }, { paddings }) =>
    (paddings as [number, number][]).reduce((folded, sides, axis) => foldedBack(folded, axis, sides), dy),
};

/** Registers the kernels above for a backend, in place of what it has under their names. */
export function registerPortableKernels(backendName: string): void {
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel(inputs as Inputs, attrs as Attributes)),
    });
  }
}

function convolutionInfo(
  inputShape: number[],
  filterShape: number[],
  { strides, dilations = 1, pad, dimRoundingMode }: Attributes,
  isDepthwise = false,
): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides as number,
    dilations as number,
    pad as number,
    dimRoundingMode as 'floor' | undefined,
    isDepthwise,
  );
}

function depthwiseInfo(
  inputShape: number[],
  filterShape: number[],
  attributes: Attributes,
): tf.backend_util.Conv2DInfo {
  return convolutionInfo(inputShape, filterShape, attributes, true);
}

/** What each place of a filter sees of x, row by row: [N, outHeight, outWidth, C] each. */
function seenByPlace(x: tf.Tensor, info: tf.backend_util.Conv2DInfo): tf.Tensor[] {
  const { top, bottom, left, right } = info.padInfo;
  const padded = tf.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  const { batchSize, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info;
  return Array.from({ length: info.filterHeight * info.filterWidth }, (_, place) => {
    const y = Math.floor(place / info.filterWidth) * info.dilationHeight;
    const x = (place % info.filterWidth) * info.dilationWidth;
    const end = [y + (outHeight - 1) * strideHeight + 1, x + (outWidth - 1) * strideWidth + 1];
    return tf.stridedSlice(
      padded,
      [0, y, x, 0],
      [batchSize, ...end, inChannels],
      [1, strideHeight, strideWidth, 1],
    );
  });
}

/** Adds rows of `updates` to those of `values` that `indices` names. */
function withRows(values: Float32Array, indices: tf.Tensor, updates: tf.Tensor): Float32Array {
  const added = updates.dataSync<'float32'>();
  const rows = indices.dataSync<'int32'>();
  const length = rows.length === 0 ? 0 : added.length / rows.length;
  rows.forEach((row, i) => {
    for (let c = 0; c < length; c++) values[row * length + c] += added[i * length + c];
  });
  return values;
}

/** Takes the symmetric padding of one axis away, and adds it to what it mirrors. */
function foldedBack(padded: tf.Tensor, axis: number, [before, after]: [number, number]): tf.Tensor {
  if (before + after === 0) return padded;
  const length = padded.shape[axis] - before - after;
  const part = (start: number, size: number): tf.Tensor => {
    const begin = padded.shape.map((_, k) => (k === axis ? start : 0));
    return tf.slice(
      padded,
      begin,
      padded.shape.map((side, k) => (k === axis ? size : side)),
    );
  };
  const mirrored = (start: number, size: number, at: number): tf.Tensor =>
    tf.pad(
      tf.reverse(part(start, size), axis),
      padded.shape.map((_, k): [number, number] => (k === axis ? [at, length - at - size] : [0, 0])),
    );
  return tf.addN([
    part(before, length),
    mirrored(0, before, 0),
    mirrored(before + length, after, length - after),
  ]);
}
