import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import { exportLinear } from './exported-layers';
import { linearUniform } from './initializers';
import { InferenceOnlyError } from './inference-only-error';
import { hasKernel, runKernel } from './kernels';
import type { Layout, Parameter } from './module';
import { Layer } from './precision';
import type { RandomStream } from './random';
import { isTrainingStep, noGradient, recordOperation } from './tfjs-internals';

/** torch.nn.Linear, with an optional ReLU in the same node: x [N, in] -> [N, out]. */
export class Linear extends Layer {
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
      if (hasKernel('FusedLinear')) return tf.tidy(() => this.fused(x, relu));
    }
    const { input, output } = noGradient(() =>
      tf.tidy(() => {
        const input = this.lowered(x);
        const product = tf.matMul(input, this.lowered(weight.value as tf.Tensor2D));
        const y: tf.Tensor2D = tf.add(product, this.lowered(bias.value));
        return { input, output: relu ? tf.relu(y) : y };
      }),
    );
    // The gradient by the input comes last: by then nothing is left of what was saved.
    const inputs: Record<string, tf.Tensor> = {};
    if (weight.trainable) inputs['weight'] = weight.value;
    if (bias.trainable) inputs['bias'] = bias.value;
    inputs['x'] = x;
    const saved = [...(weight.trainable ? [input] : []), ...(relu ? [output] : [])];
    recordOperation('Linear', inputs, output, saved, (dy, tensors) => {
      const incoming = this.lowered(dy);
      const gradient = (
        relu ? runKernel('ReluGrad', { dy: incoming, y: tensors.at(-1)! }) : incoming
      ) as tf.Tensor2D;
      return {
        weight: () => {
          const product = tf.matMul(tensors[0], gradient, true, false);
          tensors[0].dispose();
          return this.raised(product);
        },
        bias: () => runKernel('BiasAddGrad', { dy: this.raised(gradient) }),
        x: () => tf.matMul(gradient, this.lowered(weight.value), false, true),
      };
    });
    if (input !== x) input.dispose();
    return output;
  }

  /** The layer in an ONNX graph. */
  exportTo(x: Value, { relu = false } = {}): Value {
    const y = exportLinear(x, this.weight, this.bias);
    return relu ? y.op('Relu') : y;
  }

  private fused(x: tf.Tensor2D, relu: boolean): tf.Tensor2D {
    const inputs = {
      x: this.lowered(x),
      weight: this.lowered(this.weight.value),
      bias: this.lowered(this.bias.value),
    };
    return runKernel('FusedLinear', inputs, { relu }) as tf.Tensor2D;
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
