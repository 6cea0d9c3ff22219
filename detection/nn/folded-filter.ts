import * as tf from '@tensorflow/tfjs-core';
import type { Nonlinearity } from './activations';
import { runKernel, runKernelMany } from './kernels';

/** What a convolution adds to, and does with, the products of its filter. */
export interface FusedStep {
  readonly x: tf.Tensor4D;
  readonly residual: tf.Tensor4D | undefined;
  readonly nonlinearity: Nonlinearity | undefined;
  /** Of the convolution, as tfjs names them. */
  readonly attributes: object;
}

/** Filter and bias of a convolution as inference uses them: a normalization that follows is part of them. They never change. */
export class FoldedFilter {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
  private isKept = false;

  /**
   * @param filter taken over
   * @param bias [out]; taken over
   */
  constructor(filter: tf.Tensor4D, bias: tf.Tensor1D) {
    this.filter = tf.keep(filter);
    this.bias = tf.keep(bias);
  }

  /** The convolution by a fused kernel, which keeps the filter in an order of its own. The caller disposes. */
  run(kernel: string, { x, residual, nonlinearity, attributes }: FusedStep): tf.Tensor4D {
    this.isKept = true;
    const { filter, bias } = this;
    const inputs = { x, filter, bias, ...(residual && { residual }) };
    const filterId = filter.id;
    return runKernel(kernel, inputs, { ...attributes, nonlinearity, filterId }) as tf.Tensor4D;
  }

  /** Frees both, and what a kernel has kept of them. */
  dispose(): void {
    tf.dispose([this.filter, this.bias]);
    if (this.isKept) runKernelMany('ForgetFilters', {});
  }
}
