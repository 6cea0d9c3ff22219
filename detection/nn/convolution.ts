import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import { addInto } from './add-into';
import { activate, activationGradient, type Activated, type Nonlinearity } from './activations';
import { exportConvolution, type ExportedActivation } from './exported-layers';
import { FoldedFilter } from './folded-filter';
import { InferenceOnlyError } from './inference-only-error';
import { hasKernel, runKernel } from './kernels';
import type { Layout, Parameter } from './module';
import { Layer } from './precision';
import { isTrainingStep, noGradient, recordOperation } from './tfjs-internals';

/** Options of a convolution. */
export interface ConvolutionOptions {
  /** Stride along both axes; 1 if left out. */
  stride?: number;
  /**
   * Zeros on each of the four sides; or 'same', TensorFlow's rule: as few as give ceil(size / stride), an odd one at
   * the right or the bottom.
   */
  padding?: number | 'same';
}

/** What follows a layer in the same node of the tape. */
export interface Activation {
  /** Same shape as the output, added before the activation function. */
  residual?: tf.Tensor4D;
  /** The activation function; none if left out. */
  nonlinearity?: Nonlinearity;
}

/** Scale [C], multiplied into the filters, and bias [C] of a normalization whose statistics are constants. */
export interface Affine {
  /** Multiplied into the filters. */
  scale: tf.Tensor;
  /** Added behind them. */
  bias: tf.Tensor;
}

/**
 * A two-dimensional convolution on NHWC: x [N, H, W, in] -> [N, H', W', out].
 *
 * Convolution, frozen scale, bias, residual and activation function are one node of the tape, which saves its input,
 * what the activation's gradient needs (of a ReLU the output), and nothing between them. (Measured with
 * ResNet-50-FPN, 512x512, all layers trained: separate nodes under tfjs's own gradient function 1121 ms and 3.16 GB,
 * one node under ours 733 ms and 1.47 GB.)
 */
export abstract class Convolution extends Layer {
  /** The filters. */
  readonly weight: Parameter;
  /** The bias [out]; undefined for a layer that a normalization follows. */
  readonly bias: Parameter | undefined;
  /** Stride along both axes. */
  protected readonly stride: number;
  /** Padding, as in `ConvolutionOptions`. */
  protected readonly padding: number | 'same';
  /** What inference needs of the weights. */
  private folded: FoldedFilter | undefined;

  /** Takes over `weight` and `bias` [out]. */
  protected constructor(
    weight: tf.Tensor4D,
    layout: Layout,
    bias: tf.Tensor1D | undefined,
    { stride = 1, padding = 0 }: ConvolutionOptions,
  ) {
    super();
    this.weight = this.parameter('weight', weight, layout);
    this.bias = bias && this.parameter('bias', bias);
    this.stride = stride;
    this.padding = padding;
  }

  /** @internal */
  protected abstract convolve(x: tf.Tensor4D, filter: tf.Tensor4D, padding: number | 'same'): tf.Tensor4D;

  /** @internal The gradient of `convolve` by its input, of shape `inputShape`. */
  protected abstract inputGradient(
    dy: tf.Tensor,
    filter: tf.Tensor4D,
    inputShape: number[],
    padding: number | 'same',
  ): tf.Tensor;

  /** @internal The gradient of `convolve` by its filter. */
  protected abstract filterGradient(dy: tf.Tensor, x: tf.Tensor, padding: number | 'same'): tf.Tensor4D;

  /** @internal Channels of the output. */
  protected get outChannels(): number {
    return this.weight.shapeOnDisk[0];
  }

  /** @internal A filter, or the gradient by one, whose output channels are multiplied by `scale` [out]. */
  protected abstract scaled(filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D;

  /** @internal The kernel that does all of the layer at once, if there is such a kernel; not every backend has it. */
  protected abstract fusedKernel(activation: Activation): string | undefined;

  /** @internal What the kernels of convolutions and of their gradients are told. */
  protected attributes(padding: number | 'same'): object {
    return { strides: this.stride, pad: padding, dilations: 1, dataFormat: 'NHWC' };
  }

  /**
   * x [N, H, W, in] -> [N, H', W', out]. The caller disposes.
   *
   * @param affine makes the constants of a normalization that follows; they replace the convolution's own bias.
   * @param padding instead of the layer's own: 0 for a patch that brings its surroundings along.
   */
  forward(
    x: tf.Tensor4D,
    { residual, nonlinearity }: Activation = {},
    affine?: () => Affine,
    padding = this.padding,
  ): tf.Tensor4D {
    if (this.isInferenceOnly) return this.infer(x, { residual, nonlinearity }, affine, padding);
    const { weight, bias } = this;
    const weightValue = weight.value as tf.Tensor4D;
    const { input, output, saved } = noGradient(() =>
      tf.tidy(() => {
        const constants = affine?.();
        const input = this.lowered(x);
        const filter = this.lowered(constants ? this.scaled(weightValue, constants.scale) : weightValue);
        const shift = constants?.bias ?? bias?.value;
        const added = { residual: residual && this.lowered(residual), nonlinearity };
        const computed = this.computeLowered(input, filter, shift && this.lowered(shift), added, padding);
        return { input, ...computed, output: this.lowered(computed.output) };
      }),
    );
    // The gradient by the input comes last: by then nothing is left of what was saved.
    const inputs: Record<string, tf.Tensor> = {};
    if (weight.trainable) inputs['weight'] = weight.value;
    if (bias?.trainable) inputs['bias'] = bias.value;
    if (residual) inputs['residual'] = residual;
    inputs['x'] = x;
    const kept = [...(saved ? [saved] : []), ...(weight.trainable ? [input] : [])];
    const inputShape = x.shape;
    recordOperation('Convolution', inputs, output, kept, (dy, tensors) => {
      const gradient = activationGradient(this.lowered(dy), saved && tensors[0], nonlinearity);
      if (saved) tensors[0].dispose();
      // Cheaper to make again than to keep: one pass over the filters against a second copy of all weights.
      const scale = affine?.().scale;
      return {
        weight: () => {
          const savedX = tensors.at(-1)!;
          const raw = this.raised(this.filterGradient(gradient, savedX, padding));
          savedX.dispose();
          return scale ? this.scaled(raw, scale) : raw;
        },
        bias: () => runKernel('BiasAddGrad', { dy: this.raised(gradient) }),
        residual: () => gradient,
        x: () => {
          const filter = this.lowered(scale ? this.scaled(weightValue, scale) : weightValue);
          return this.inputGradient(gradient, filter, inputShape, padding);
        },
      };
    });
    if (input !== x) input.dispose();
    if (saved !== output) saved?.dispose();
    return output;
  }

  private compute(
    x: tf.Tensor4D,
    filter: tf.Tensor4D,
    shift: tf.Tensor | undefined,
    { residual, nonlinearity }: Activation,
    padding: number | 'same',
  ): Activated {
    const y = addInto(addInto(this.convolve(x, filter, padding), shift), residual);
    const activated = activate(y, nonlinearity);
    if (y !== activated.output && y !== activated.saved) y.dispose();
    return activated;
  }

  /** The same in the layer's precision. In bfloat16 all at once where there is a kernel for it, which rounds once. */
  private computeLowered(
    x: tf.Tensor4D,
    filter: tf.Tensor4D,
    shift: tf.Tensor | undefined,
    activation: Activation,
    padding: number | 'same',
  ): Activated {
    const { residual, nonlinearity } = activation;
    const kernel = this.precision === 'float32' ? undefined : this.fusedKernel(activation);
    // The gradient of hard swish needs its input.
    if (kernel === undefined || !shift || nonlinearity === 'hardswish' || !hasKernel(kernel)) {
      return this.compute(x, filter, shift, activation, padding);
    }
    const inputs = { x, filter, bias: shift, ...(residual && { residual }) };
    const output = runKernel(kernel, inputs, { ...this.attributes(padding), nonlinearity }) as tf.Tensor4D;
    return { output, saved: nonlinearity && output };
  }

  private infer(
    x: tf.Tensor4D,
    { residual, nonlinearity }: Activation,
    affine: (() => Affine) | undefined,
    padding: number | 'same',
  ): tf.Tensor4D {
    if (isTrainingStep()) throw new InferenceOnlyError();
    const folded = (this.folded ??= this.fold(affine));
    const kernel = this.fusedKernel({ residual, nonlinearity });
    return tf.tidy(() => {
      const input = this.lowered(x);
      const added = { residual: residual && this.lowered(residual), nonlinearity };
      if (kernel !== undefined && hasKernel(kernel)) {
        return folded.run(kernel, { x: input, ...added, attributes: this.attributes(padding) });
      }
      const { filter, bias } = folded;
      return this.lowered(this.compute(input, filter, bias, added, padding).output);
    });
  }

  /** Takes what inference needs of the weights, and frees them. */
  private fold(affine: (() => Affine) | undefined): FoldedFilter {
    const { weight, bias } = this;
    const [filter, shift] = tf.tidy((): [tf.Tensor4D, tf.Tensor1D] => {
      const weightValue = weight.value as tf.Tensor4D;
      const constants = affine?.();
      const own = (constants?.bias ?? bias?.value) as tf.Tensor1D | undefined;
      return [
        this.lowered(constants ? this.scaled(weightValue, constants.scale) : tf.clone(weightValue)),
        this.lowered(own ? tf.clone(own) : tf.zeros([this.outChannels])),
      ];
    });
    const folded = new FoldedFilter(filter, shift);
    weight.dispose();
    bias?.dispose();
    return folded;
  }

  /** @internal ONNX's operator, and what it is told beside strides and padding. */
  protected abstract get exportedAs(): { readonly op: string; readonly groups?: number };

  /** The layer in an ONNX graph, with the constants of a normalization folded in: x [N, in, H, W] -> [N, out, H', W']. */
  exportTo(x: Value, activation: ExportedActivation = {}, affine?: () => Affine): Value {
    const { weight, bias, stride, padding, exportedAs } = this;
    const scaled = (filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D => this.scaled(filter, scale);
    return exportConvolution(x, { weight, bias, scaled, affine, stride, padding, ...exportedAs }, activation);
  }

  /** Frees the weights, or what inference has kept of them. */
  override dispose(): void {
    super.dispose();
    this.folded?.dispose();
  }
}

/** torch.nn.Conv2d. */
export class Conv2d extends Convolution {
  /** Takes over `weight` [kh, kw, in, out] and `bias` [out]. */
  constructor(weight: tf.Tensor4D, bias: tf.Tensor1D | undefined, options: ConvolutionOptions = {}) {
    super(weight, 'convolution', bias, options);
  }

  /** @internal */
  protected override convolve(x: tf.Tensor4D, filter: tf.Tensor4D, padding: number | 'same'): tf.Tensor4D {
    return tf.conv2d(x, filter, this.stride, padding);
  }

  /** @internal */
  protected override inputGradient(
    dy: tf.Tensor,
    filter: tf.Tensor4D,
    inputShape: number[],
    padding: number | 'same',
  ): tf.Tensor {
    return runKernel('Conv2DBackpropInput', { dy, filter }, { ...this.attributes(padding), inputShape });
  }

  /** @internal */
  protected override filterGradient(dy: tf.Tensor, x: tf.Tensor, padding: number | 'same'): tf.Tensor4D {
    const filterShape = this.weight.value.shape;
    return runKernel(
      'Conv2DBackpropFilter',
      { x, dy },
      { ...this.attributes(padding), filterShape },
    ) as tf.Tensor4D;
  }

  /** @internal */
  protected override scaled(filter: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D {
    return tf.mul(filter, scale);
  }

  /** @internal */
  protected override get exportedAs(): { readonly op: string } {
    return { op: 'Conv' };
  }

  /** @internal */
  protected override fusedKernel({ residual, nonlinearity }: Activation): string | undefined {
    return residual && nonlinearity === 'hardswish' ? undefined : 'FusedConvolution';
  }
}
