import * as tf from '@tensorflow/tfjs-core';
import type { Attribute, GraphTensor, Value } from '../onnx/value';
import { exportActivation, type Nonlinearity } from './activations';
import type { Parameter } from './module';
import { disposingAll } from './scope';

/** What follows a layer in an ONNX graph. */
export interface ExportedActivation {
  /** Same shape as the output, added before the activation function. */
  readonly residual?: Value;
  /** The activation function; none if left out. */
  readonly nonlinearity?: Nonlinearity;
}

/** What is stored of a convolution, and what ONNX is told of it. */
interface ExportedConvolution {
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  /** Of a normalization that follows: they replace the bias. */
  readonly affine: (() => { readonly scale: tf.Tensor; readonly bias: tf.Tensor }) | undefined;
  readonly scaled: (filter: tf.Tensor4D, scale: tf.Tensor) => tf.Tensor4D;
  readonly op: string;
  readonly groups?: number;
  readonly stride: number;
  readonly padding: number | 'same';
}

/** x [N, in, H, W] -> [N, out, H', W']. */
export function exportConvolution(
  x: Value,
  { weight, bias, affine, scaled, op, groups = 1, stride, padding }: ExportedConvolution,
  { residual, nonlinearity }: ExportedActivation,
): Value {
  const { graph } = x;
  const weights = graph.stored(weight, () =>
    disposingAll(() => {
      const name = graph.nameOf(weight);
      const constants = affine?.();
      const value = weight.value as tf.Tensor4D;
      const filter = weight.asOnDisk(constants ? scaled(value, constants.scale) : value);
      const shift = constants?.bias ?? bias?.value;
      const biasName = bias ? graph.nameOf(bias) : `${name.replace(/\.weight$/, '')}.folded_bias`;
      return [graph.tensor(name, stored(filter)), shift && graph.tensor(biasName, stored(shift))];
    }),
  );
  // Of 'same' an odd zero is at the right or the bottom.
  const pads: Record<string, Attribute> =
    padding === 'same' ? { auto_pad: 'SAME_UPPER' } : { pads: Array<number>(4).fill(padding) };
  const y = x.op(op, weights, { strides: [stride, stride], ...pads, group: groups });
  return exportActivation(residual ? y.add(residual) : y, nonlinearity);
}

/** x [N, in] -> [N, out]. */
export function exportLinear(x: Value, weight: Parameter, bias: Parameter): Value {
  const { graph } = x;
  const weights = graph.stored(weight, () =>
    disposingAll(() => [
      graph.tensor(graph.nameOf(weight), stored(weight.asOnDisk(weight.value))),
      graph.tensor(graph.nameOf(bias), stored(bias.value)),
    ]),
  );
  return x.op('Gemm', weights, { transB: 1 });
}

/** torch.nn.GroupNorm: x [N, C, H, W] -> the same shape. */
export function exportGroupNorm(
  x: Value,
  {
    groups,
    epsilon,
    weight,
    bias,
  }: {
    readonly groups: number;
    readonly epsilon: number;
    readonly weight: Parameter;
    readonly bias: Parameter;
  },
  { residual, nonlinearity }: ExportedActivation,
): Value {
  const { graph } = x;
  const [scale, shift] = graph.stored(weight, () =>
    disposingAll(() =>
      [weight, bias].map((parameter) => {
        const tensor = stored(parameter.value);
        return graph.tensor(graph.nameOf(parameter), { ...tensor, shape: [...tensor.shape, 1, 1] });
      }),
    ),
  );
  const [one, zero] = [1, 0].map((value) => graph.constant(Array<number>(groups).fill(value), 'float32'));
  const rows = x.reshape([0, groups, -1]);
  const normalized = rows.op('InstanceNormalization', [one, zero], { epsilon: { float: epsilon } });
  const y = normalized.reshape([x.shape()]).mul(scale).add(shift);
  return exportActivation(residual ? y.add(residual) : y, nonlinearity);
}

function stored(tensor: tf.Tensor): GraphTensor {
  return { type: 'float32', shape: tensor.shape, data: tensor.dataSync<'float32'>() };
}
