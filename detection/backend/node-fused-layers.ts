/**
 * Layers for inference: product, bias, residual and activation function in one operation, and the filter of a convolution kept in
 * the order that oneDNN's kernel for it likes best.
 */
import * as tf from '@tensorflow/tfjs-core';
import { convolutionAttributes, convolutionPadding } from './node-convolution-attributes';
import type { KernelAttributes, NativeOperations } from './node-operations';

/** TensorFlow's names of activation functions that follow a bias. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  hardswish: '_FusedHardSwish',
};

/** Operations that TensorFlow's graph rewriter would choose; by themselves they are found under its label for them. */
const LABEL = 'MklNameChangeOp';

type Inputs = Partial<Record<string, tf.TensorInfo>>;

function fusedConvolution(
  operation: 'conv2d' | 'depthwise',
  { x, filter, bias, residual }: Inputs,
  attributes: KernelAttributes,
  native: NativeOperations,
): tf.Tensor {
  const args = residual ? [bias!, residual] : [bias!];
  const { filterId } = attributes;
  const activation = ACTIVATIONS[attributes['nonlinearity'] as string];
  const padding = convolutionPadding(x!.shape, filter!.shape, attributes);
  const list = [
    ...convolutionAttributes(native, attributes, padding),
    native.int('num_args', args.length),
    native.string('fused_ops', [
      'BiasAdd',
      ...(residual ? ['Add'] : []),
      ...(activation === undefined ? [] : [activation]),
    ]),
    native.string('_kernel', LABEL),
    ...(filterId === undefined
      ? [native.bool('is_filter_const', false)]
      : // The kernel keeps the first filter that it gets. TensorFlow tells kernels apart by their attributes: each needs its own.
        [native.bool('is_filter_const', true), native.int('_filter', filterId as number)]),
  ];
  if (operation === 'depthwise') {
    return native.run('_MklNativeFusedDepthwiseConv2dNative', list, [x!, filter!, ...args]);
  }
  const types = native.floatTypes('TArgs', args.length);
  return native.run('_MklNativeFusedConv2D', [...list, types], [x!, filter!, ...args]);
}

/**
 * x [N, H, W, in] -> activation(convolution + bias [out] + residual [N, H', W', out]). `residual` and the attribute `nonlinearity`
 * may be missing; beside those of a convolution there may be `filterId`, a number that no other filter of the process has or will
 * have: what a filter holds when it is first used under it is what is used from then on.
 */
export const fusedKernels = {
  FusedConvolution: (inputs: Inputs, attributes: KernelAttributes, native: NativeOperations) =>
    fusedConvolution('conv2d', inputs, attributes, native),

  FusedDepthwiseConvolution: (inputs: Inputs, attributes: KernelAttributes, native: NativeOperations) =>
    fusedConvolution('depthwise', inputs, attributes, native),

  /** x [N, in], weight [in, out], bias [out] -> [N, out]. */
  FusedLinear: ({ x, weight, bias }: Inputs, { relu }: KernelAttributes, native: NativeOperations) =>
    native.run(
      '_MklNativeFusedMatMul',
      [
        native.floatType('T'),
        native.bool('transpose_a', false),
        native.bool('transpose_b', false),
        native.int('num_args', 1),
        native.string('fused_ops', relu === true ? ['BiasAdd', 'Relu'] : ['BiasAdd']),
        native.string('_kernel', LABEL),
      ],
      [x!, weight!, bias!],
    ),

  /** Frees the memory of the filters that are kept; those still in use are put in order anew. */
  ForgetFilters: (_inputs: Inputs, _attributes: KernelAttributes, native: NativeOperations) => {
    native.clearKernels();
    return [];
  },
};

/** Whether the library has these operations, which are oneDNN's, for what it computes on: a GPU has none. */
export function canFuseLayers(native: NativeOperations): boolean {
  if (native.isOnGpu) return false;
  const [x, bias] = [tf.ones([1, 1, 1, 1]), tf.zeros([1])];
  try {
    const attributes = { strides: 1, pad: 0, filterId: x.id };
    fusedKernels.FusedConvolution({ x, filter: x, bias }, attributes, native).dispose();
    return true;
  } catch {
    return false;
  } finally {
    tf.dispose([x, bias]);
  }
}
