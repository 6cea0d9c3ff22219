import * as tf from '@tensorflow/tfjs-core';
import { linearUniform } from './initializers';
import { InferenceOnlyError } from './inference-only-error';
import { hasKernel, runKernel } from './kernels';
import { Module, type Layout, type Parameter } from './module';
import type { RandomStream } from './random';
import { isTrainingStep, noGradient, recordOperation } from './tfjs-internals';

/** torch.nn.Linear, with an optional ReLU in the same node: x [N, in] -> [N, out]. */
export class Linear extends Module {
  /** The weight [in, out]. */
  readonly weight: Parameter;
  /** The bias [out]. */
  readonly bias: Parameter;

  /** Takes over `weight` [in, out] and `bias` [out]. `layout` says how the weight is stored on disk. */
  constructor(weight: tf.Tensor2D, bias: tf.Tensor1D, layout: Layout = 'linear') {
    super();
    this.weight = this.parameter('weight', weight, layout);
    this.bias = this.parameter('bias', bias);
  }

  /** x [N, in] -> [N, out]; `relu` makes what is negative 0. The caller disposes. */
  forward(x: tf.Tensor2D, { relu = false } = {}): tf.Tensor2D {
    const { weight, bias } = this;
    if (this.isInferenceOnly) {
      if (isTrainingStep()) throw new InferenceOnlyError();
      if (hasKernel('FusedLinear')) {
        const inputs = { x, weight: weight.value, bias: bias.value };
        return runKernel('FusedLinear', inputs, { relu }) as tf.Tensor2D;
      }
    }
    const output = noGradient(() =>
      tf.tidy(() => {
        const y: tf.Tensor2D = tf.add(tf.matMul(x, weight.value as tf.Tensor2D), bias.value);
        return relu ? tf.relu(y) : y;
      }),
    );
    // The gradient by the input comes last: by then nothing is left of what was saved.
    const inputs: Record<string, tf.Tensor> = {};
    if (weight.trainable) inputs['weight'] = weight.value;
    if (bias.trainable) inputs['bias'] = bias.value;
    inputs['x'] = x;
    const saved = [...(weight.trainable ? [x] : []), ...(relu ? [output] : [])];
    recordOperation('Linear', inputs, output, saved, (dy, tensors) => {
      const gradient = (relu ? runKernel('ReluGrad', { dy, y: tensors.at(-1)! }) : dy) as tf.Tensor2D;
      return {
        weight: () => {
          const product = tf.matMul(tensors[0], gradient, true, false);
          tensors[0].dispose();
          return product;
        },
        bias: () => runKernel('BiasAddGrad', { dy: gradient }),
        x: () => tf.matMul(gradient, weight.value, false, true),
      };
    });
    return output;
  }
}

/** A linear layer as torch.nn.Linear initializes it. */
export function linear(
  inFeatures: number,
  outFeatures: number,
  random: RandomStream,
  layout?: Layout,
): Linear {
  const weight = linearUniform([inFeatures, outFeatures], inFeatures, random) as tf.Tensor2D;
  return new Linear(weight, linearUniform([outFeatures], inFeatures, random) as tf.Tensor1D, layout);
}
