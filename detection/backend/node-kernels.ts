/**
 * Kernels of the native backend that tfjs-node lacks or restricts: numeric padding for convolutions and max-pooling
 * (TensorFlow calls it EXPLICIT; tfjs-node refuses it), and operations that a detector trains with.
 * Layers call them through tf.* or `tf.engine().runKernel`, so they stay free of the backend.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '#tfjs-node';
import {
  convolutionAttributes,
  convolutionPadding,
  paddingAttributes,
  pairOf,
  type Shape4D,
} from './node-convolution-attributes';
import { filterGradient, inputGradient } from './node-convolution-gradients';
import { canFuseLayers, fusedKernels } from './node-fused-layers';
import { momentumStep, type MomentumStep } from './node-momentum-step';
import { NativeOperations, type Attribute, type KernelAttributes as Attributes } from './node-operations';

type Inputs = Record<string, tf.TensorInfo>;
type Kernel = (
  inputs: Inputs,
  attributes: Attributes,
  native: NativeOperations,
) => tf.TensorInfo | tf.TensorInfo[];

function poolingAttributes(
  native: NativeOperations,
  inputShape: number[],
  attributes: Attributes,
): Attribute[] {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const info = tf.backend_util.computePool2DInfo(
    inputShape as Shape4D,
    filterSize as number,
    strides as number,
    1,
    pad as number,
    dimRoundingMode as 'floor' | undefined,
  );
  return [
    native.floatType('T'),
    native.int('ksize', [1, info.filterHeight, info.filterWidth, 1]),
    native.int('strides', [1, info.strideHeight, info.strideWidth, 1]),
    ...paddingAttributes(native, info.padInfo),
    native.string('data_format', 'NHWC'),
  ];
}

const kernels: Record<string, Kernel> = {
  Conv2D: ({ x, filter }, attributes, native) => {
    const padding = convolutionPadding(x.shape, filter.shape, attributes);
    return native.run('Conv2D', convolutionAttributes(native, attributes, padding), [x, filter]);
  },

  Conv2DBackpropInput: ({ dy, filter }, attributes, native) => {
    const inputShape = attributes['inputShape'] as number[];
    const padding = convolutionPadding(inputShape, filter.shape, attributes);
    return inputGradient({ dy, filter, inputShape }, padding, native, (of) =>
      convolutionAttributes(native, attributes, of),
    );
  },

  Conv2DBackpropFilter: ({ x, dy }, attributes, native) => {
    const filterShape = attributes['filterShape'] as number[];
    const padding = convolutionPadding(x.shape, filterShape, attributes);
    return filterGradient({ dy, x, filterShape }, padding, pairOf(attributes['strides']), native, (of) =>
      convolutionAttributes(native, attributes, of),
    );
  },

  DepthwiseConv2dNative: ({ x, filter }, attributes, native) => {
    const padding = convolutionPadding(x.shape, filter.shape, attributes);
    return native.run('DepthwiseConv2dNative', convolutionAttributes(native, attributes, padding), [
      x,
      filter,
    ]);
  },

  DepthwiseConv2dNativeBackpropInput: ({ dy, filter }, attributes, native) => {
    const inputShape = attributes['inputShape'] as number[];
    const padding = convolutionPadding(inputShape, filter.shape, attributes);
    const list = convolutionAttributes(native, attributes, padding);
    return native.withInts(inputShape, (shape) =>
      native.run('DepthwiseConv2dNativeBackpropInput', list, [shape, filter, dy]),
    );
  },

  DepthwiseConv2dNativeBackpropFilter: ({ x, dy }, attributes, native) => {
    const filterShape = attributes['filterShape'] as number[];
    const padding = convolutionPadding(x.shape, filterShape, attributes);
    const list = convolutionAttributes(native, attributes, padding);
    return native.withInts(filterShape, (shape) =>
      native.run('DepthwiseConv2dNativeBackpropFilter', list, [x, shape, dy]),
    );
  },

  /** x as bfloat16, which tfjs takes for float32: see node-bfloat16.ts. */
  InBfloat16: ({ x }, _attributes, native) => native.cast(x, 'bfloat16'),

  /** x as float32. */
  InFloat32: ({ x }, _attributes, native) => native.cast(x, 'float32'),

  MaxPool: ({ x }, attributes, native) =>
    native.run('MaxPool', poolingAttributes(native, x.shape, attributes), [x]),

  MaxPoolGrad: ({ dy, input, output }, attributes, native) =>
    native.run('MaxPoolGrad', poolingAttributes(native, input.shape, attributes), [input, output, dy]),

  /** dy [..., C] -> [C]: gradient of a bias. */
  BiasAddGrad: ({ dy }, _attributes, native) =>
    native.run('BiasAddGrad', [native.floatType('T'), native.string('data_format', 'NHWC')], [dy]),

  /** dy where the output of a ReLU is positive, else 0. */
  ReluGrad: ({ dy, y }, _attributes, native) => native.run('ReluGrad', [native.floatType('T')], [dy, y]),

  /** dy where the input, or the output, of a ReLU6 is between 0 and 6, else 0. */
  Relu6Grad: ({ dy, y }, _attributes, native) => native.run('Relu6Grad', [native.floatType('T')], [dy, y]),

  /** Gradients of batch normalization by given mean and variance: by x, scale and offset. */
  BatchNormInferenceGrad: ({ dy, x, scale, mean, variance }, attributes, native) => {
    const list = [
      native.floatType('T'),
      native.floatType('U'),
      native.float('epsilon', attributes['epsilon'] as number),
      native.string('data_format', 'NHWC'),
      native.bool('is_training', false),
    ];
    const reserved = tf.tensor1d([], 'float32');
    const outputs = native.runMany('FusedBatchNormGradV3', list, [dy, x, scale, mean, variance, reserved], 5);
    for (const unused of [reserved, ...outputs.splice(3)]) unused.dispose();
    return outputs;
  },

  /** Gradient of CropAndResize by its image: dy [N, h, w, C] -> `imageShape`. */
  CropAndResizeGradImage: ({ dy, boxes, boxInd }, attributes, native) =>
    native.withInts(attributes['imageShape'] as number[], (shape) =>
      native.run(
        'CropAndResizeGradImage',
        [native.floatType('T'), native.string('method', 'bilinear')],
        [dy, boxes, boxInd, shape],
      ),
    ),

  /** tfjs-node leaves out half_pixel_centers: a silently wrong gradient. */
  ResizeBilinearGrad: ({ dy, images }, { alignCorners, halfPixelCenters }, native) =>
    native.run(
      'ResizeBilinearGrad',
      [
        native.floatType('T'),
        native.bool('align_corners', alignCorners as boolean),
        native.bool('half_pixel_centers', halfPixelCenters as boolean),
      ],
      [dy, images],
    ),

  /** `tensor` [P, C] plus `updates` [K, C], each at the row that `indices` [K, 1] says; rows may repeat. */
  TensorScatterAdd: ({ tensor, indices, updates }, _attributes, native) =>
    native.run(
      'TensorScatterAdd',
      [native.floatType('T'), native.intType('Tindices')],
      [tensor, indices, updates],
    ),

  /** Half the sum of the squares, without the squares in memory. */
  L2Loss: ({ x }, _attributes, native) => native.run('L2Loss', [native.floatType('T')], [x]),

  /** See momentumStep. */
  MomentumStep: (inputs, attributes, native) =>
    momentumStep(
      inputs as Record<'parameter' | 'buffer' | 'gradient', tf.TensorInfo>,
      attributes as Record<keyof MomentumStep, number>,
      native,
    ),

  /** Gradient of a symmetric MirrorPad: dy -> the shape without padding. */
  MirrorPadGrad: ({ dy }, attributes, native) => {
    const paddings = tf.tensor2d(attributes['paddings'] as [number, number][], [4, 2], 'int32');
    const list = [native.floatType('T'), native.intType('Tpaddings'), native.string('mode', 'SYMMETRIC')];
    const output = native.run('MirrorPadGrad', list, [dy, paddings]);
    paddings.dispose();
    return output;
  },
};

/** Registers the kernels above, in place of tfjs-node's where it has one. Run once, after the backend has loaded. */
export function registerNodeKernels(): void {
  const backendName = 'tensorflow';
  const native = new NativeOperations(tf.backend() as NodeJSKernelBackend);
  const all: Record<string, Kernel> = canFuseLayers(native) ? { ...kernels, ...fusedKernels } : kernels;
  for (const [kernelName, kernel] of Object.entries(all)) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        kernel(inputs as Inputs, attrs as Attributes, new NativeOperations(backend as NodeJSKernelBackend)),
    });
  }
}
