import * as tf from '@tensorflow/tfjs-core';
import { activate, activationGradient, loweredInto } from './activations';
import { addInto } from './add-into';
import { batchNormGradient, batchStatistics, type BatchStatistics, type Pooling } from './batch-statistics';
import type { Activation } from './convolution';
import type { Parameter } from './module';
import { lowered, raised, type Precision } from './precision';
import { noGradient, recordOperation } from './tfjs-internals';

/**
 * Normalizes by the statistics of x itself, adds a residual and activates, in one node of the tape, which saves x and what
 * the activation needs. The caller disposes.
 *
 * @param x [N, H, W, C]; all N share their statistics, unless it goes image by image
 */
export function normalizeByOwnStatistics(
  x: tf.Tensor4D,
  {
    weight,
    bias,
    epsilon,
  }: { readonly weight: Parameter; readonly bias: Parameter; readonly epsilon: number },
  { residual, nonlinearity }: Activation,
  {
    precision,
    pool,
    imageByImage = false,
    onStatistics,
  }: {
    readonly precision: Precision;
    readonly pool?: Pooling;
    readonly imageByImage?: boolean;
    readonly onStatistics?: (statistics: BatchStatistics) => void;
  },
): tf.Tensor4D {
  const scale = weight.value as tf.Tensor1D;
  const partsOf = (batch: tf.Tensor4D): tf.Tensor4D[] =>
    imageByImage && batch.shape[0] > 1 ? tf.split(batch, batch.shape[0]) : [batch];
  const { output, saved, statistics } = noGradient(() => {
    const values = raised(x, precision);
    const parts = partsOf(values).map((part) => {
      const ofPart = batchStatistics(part, pool);
      onStatistics?.(ofPart);
      const { mean, variance } = ofPart;
      const y = tf.batchNorm4d(part, mean, variance, bias.value as tf.Tensor1D, scale, epsilon);
      if (part !== values) part.dispose();
      return { y, ofPart };
    });
    if (values !== x) values.dispose();
    const sum = addInto(concatInto(parts.map(({ y }) => y)), residual);
    const activated = activate(sum, nonlinearity);
    if (sum !== activated.output && sum !== activated.saved) sum.dispose();
    return { ...loweredInto(activated, precision), statistics: parts.map(({ ofPart }) => ofPart) };
  });
  const inputs: Record<string, tf.Tensor> = { x };
  if (residual) inputs['residual'] = residual;
  if (weight.trainable) inputs['weight'] = weight.value;
  if (bias.trainable) inputs['bias'] = bias.value;
  recordOperation(
    'Normalization',
    inputs,
    output,
    [x, ...statistics.flatMap(({ mean, variance }) => [mean, variance]), ...(saved ? [saved] : [])],
    (dy, tensors) => {
      const gradient = activationGradient(lowered(dy, precision), saved && tensors.at(-1), nonlinearity);
      if (saved) tensors.at(-1)!.dispose();
      const gradients = partsOf(raised(gradient, precision) as tf.Tensor4D);
      const parts = partsOf(raised(tensors[0], precision) as tf.Tensor4D).map((part, i) => {
        const [mean, variance] = tensors.slice(1 + 2 * i) as tf.Tensor1D[];
        return batchNormGradient(gradients[i], part, { mean, variance }, scale, epsilon, pool);
      });
      return {
        x: () => concatInto(parts.map(({ dx }) => dx)),
        residual: () => gradient,
        weight: () => tf.addN(parts.map(({ dScale }) => dScale)),
        bias: () => tf.addN(parts.map(({ dOffset }) => dOffset)),
      };
    },
  );
  return output;
}

/** All images of some batches. Takes over the batches. */
function concatInto(batches: tf.Tensor4D[]): tf.Tensor4D {
  if (batches.length === 1) return batches[0];
  const all = tf.concat(batches);
  tf.dispose(batches);
  return all;
}
