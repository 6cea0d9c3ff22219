/** Kernels of tfjs-backend-wasm 4.22 that are wrong where a picture, or a batch, has nothing of something. */
import * as tf from '@tensorflow/tfjs-core';

type Inputs = Record<string, tf.Tensor>;
type Attributes = Record<string, unknown>;
/** @param original what the backend computes */
type Correction = (
  inputs: Inputs,
  attributes: Attributes,
  original: () => ReturnType<tf.KernelFunc>,
) => ReturnType<tf.KernelFunc>;

const corrections: Record<string, Correction> = {
  /** The backend's leaves the sum of nothing as it finds the memory; it also adds up in float32, which loses digits of large losses. */
  Sum: ({ x }, { axis, keepDims }) =>
    tf.tidy(() => {
      const axes = tf.util.parseAxisParam(axis as number[], x.shape);
      const kept = [...x.shape.keys()].filter((k) => !axes.includes(k));
      const [shape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
      const values = tf.transpose(x, [...kept, ...axes]).dataSync();
      const count = tf.util.sizeFromShape(shape);
      const length = values.length / count;
      const sums = Float64Array.from({ length: count }, (_, i) => {
        let sum = 0;
        for (let k = i * length; k < (i + 1) * length; k++) sum += values[k];
        return sum;
      });
      const outputShape = keepDims === true ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape;
      return tf.tensor(
        x.dtype === 'int32' ? Int32Array.from(sums) : Float32Array.from(sums),
        outputShape,
        x.dtype,
      );
    }),

  /** The backend's gives an empty result another shape. */
  GatherV2: ({ x, indices }, { axis, batchDims }, original) => {
    const [along] = tf.util.parseAxisParam(axis as number, x.shape);
    const { outputShape } = tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x,
      indices,
      along,
      batchDims as number,
    );
    return outputShape.includes(0) ? tf.zeros(outputShape, x.dtype) : original();
  },
};

/** Puts them right. To be called once, after the backend has started. */
export function correctWasmKernels(): void {
  const backendName = 'wasm';
  for (const [kernelName, correction] of Object.entries(corrections)) {
    const { kernelFunc } = tf.getKernel(kernelName, backendName);
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: (call) =>
        correction(call.inputs as Inputs, call.attrs as Attributes, () => kernelFunc(call)),
    });
  }
}
