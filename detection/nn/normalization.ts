import * as tf from '@tensorflow/tfjs-core';
import { activate, activationGradient, loweredInto } from './activations';
import { batchNormGradient, batchStatistics, type BatchStatistics, type Pooling } from './batch-statistics';
import { addInto, type Activation, type Affine, type Convolution } from './convolution';
import { Module, type Parameter } from './module';
import { NormNotLoadedError, SingleValueNormError } from './norm-errors';
import { lowered, raised, type Precision } from './precision';
import { isTrainingStep, noGradient, recordOperation } from './tfjs-internals';

/** Convolution followed by its normalization, however the two are best computed together. */
export interface Normalization extends Module {
  /** x [N, H, W, in] -> convolution, normalization, residual and activation function. The caller disposes. */
  afterConvolution(convolution: Convolution, x: tf.Tensor4D, activation?: Activation): tf.Tensor4D;
}

/** Makes the normalization of a layer with so many channels. */
export type NormalizationFactory = (channels: number) => Normalization;

/** torch.nn.BatchNorm2d's momentum and eps. */
const BATCH_NORM = { momentum: 0.1, epsilon: 1e-5 };

/**
 * Scale and shift of a normalization by running statistics, w / sqrt(var + eps) and b - mean * scale. The caller
 * disposes.
 */
function affine(
  weight: Parameter,
  bias: Parameter,
  mean: Parameter,
  variance: Parameter,
  epsilon: number,
): Affine {
  return tf.tidy(() => {
    const scale = tf.mul(weight.value, tf.rsqrt(tf.add(variance.value, epsilon)));
    return { scale, bias: tf.sub(bias.value, tf.mul(mean.value, scale)) };
  });
}

/**
 * torchvision's FrozenBatchNorm2d: four buffers, nothing trained. Its scale goes into the filters, its shift is a
 * bias: one node together with the convolution.
 */
export class FrozenBatchNorm extends Module implements Normalization {
  /** Scale of each channel. */
  readonly weight: Parameter;
  /** Shift of each channel. */
  readonly bias: Parameter;
  /** Mean of each channel. */
  readonly runningMean: Parameter;
  /** Variance of each channel. */
  readonly runningVariance: Parameter;
  /** Memory of the statistics that it was made with. */
  private readonly initial: object;

  /**
   * With statistics that change nothing, until weights are loaded.
   *
   * @param epsilon 0 for torchvision's COCO_V1 weights of fasterrcnn_resnet50_fpn (overwrite_eps), else 1e-5.
   */
  constructor(
    channels: number,
    public epsilon = BATCH_NORM.epsilon,
  ) {
    super();
    this.weight = this.buffer('weight', tf.ones([channels]));
    this.bias = this.buffer('bias', tf.zeros([channels]));
    this.runningMean = this.buffer('running_mean', tf.zeros([channels]));
    this.runningVariance = this.buffer('running_var', tf.ones([channels]));
    this.initial = this.runningVariance.value.dataId;
  }

  /** @throws NormNotLoadedError in a training step, where no weights have been loaded. */
  afterConvolution(convolution: Convolution, x: tf.Tensor4D, activation: Activation = {}): tf.Tensor4D {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    if (isTrainingStep() && runningVariance.value.dataId === this.initial) throw new NormNotLoadedError();
    return convolution.forward(x, activation, () =>
      affine(weight, bias, runningMean, runningVariance, epsilon),
    );
  }
}

/**
 * torch.nn.BatchNorm2d. It normalizes by the statistics of the batch, and moves its running ones, exactly in a
 * training step, that is while gradients are being recorded; otherwise (detection, validation losses) by the running
 * ones, as an affine part of the convolution. So there is no mode to set and none to forget.
 */
export class BatchNorm extends Module implements Normalization {
  /** Scale of each channel. */
  readonly weight: Parameter;
  /** Shift of each channel. */
  readonly bias: Parameter;
  /** Mean of each channel, over the batches so far. */
  readonly runningMean: Parameter;
  /** Variance of each channel, over the batches so far. */
  readonly runningVariance: Parameter;
  /** Steps in which the statistics moved. */
  readonly numBatchesTracked: Parameter;

  /** With scale 1 and shift 0. */
  constructor(
    channels: number,
    /** Added to the variance: torch's eps. */
    public epsilon = BATCH_NORM.epsilon,
    /** Share of the batch in the running statistics. */
    readonly momentum = BATCH_NORM.momentum,
  ) {
    super();
    this.weight = this.parameter('weight', tf.ones([channels]));
    this.bias = this.parameter('bias', tf.zeros([channels]));
    this.runningMean = this.buffer('running_mean', tf.zeros([channels]));
    this.runningVariance = this.buffer('running_var', tf.ones([channels]));
    this.numBatchesTracked = this.buffer('num_batches_tracked', tf.scalar(0, 'int32'));
  }

  /** @throws SingleValueNormError in a training step where a channel has one value: torch's "Expected more than 1 value". */
  afterConvolution(convolution: Convolution, x: tf.Tensor4D, activation: Activation = {}): tf.Tensor4D {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    if (!isTrainingStep()) {
      return convolution.forward(x, activation, () =>
        affine(weight, bias, runningMean, runningVariance, epsilon),
      );
    }
    return tf.tidy(() => {
      const y = convolution.forward(x);
      const count = y.size / y.shape[3];
      if (count === 1) throw new SingleValueNormError();
      return normalizeByOwnStatistics(y, { weight, bias, epsilon }, activation, {
        precision: convolution.precision,
        onStatistics: (statistics) => this.track(statistics, count),
      });
    });
  }

  /** Running statistics move towards the batch's (PyTorch's momentum; the variance is the unbiased one). */
  private track({ mean, variance }: BatchStatistics, count: number): void {
    tf.tidy(() => {
      const { runningMean, runningVariance, numBatchesTracked, momentum } = this;
      const move = (running: Parameter, batch: tf.Tensor): void =>
        running.variable.assign(tf.add(tf.mul(running.value, 1 - momentum), tf.mul(batch, momentum)));
      move(runningMean, mean);
      move(runningVariance, tf.mul(variance, count / (count - 1)));
      numBatchesTracked.variable.assign(tf.add(numBatchesTracked.value, tf.scalar(1, 'int32')));
    });
  }
}

/** torchvision's overwrite_eps, for weights that were trained with another epsilon: gives it to every batch norm of a tree. */
export function overwriteEpsilon(tree: Module, epsilon: number): void {
  for (const module of tree.modules()) {
    if (module instanceof BatchNorm || module instanceof FrozenBatchNorm) module.epsilon = epsilon;
  }
}

/** Epsilon of a tree's batch norm, frozen or not; undefined where it has none. */
export function batchNormEpsilon(tree: Module): number | undefined {
  for (const module of tree.modules()) {
    if (module instanceof BatchNorm || module instanceof FrozenBatchNorm) return module.epsilon;
  }
  return undefined;
}

/** torch.nn.GroupNorm's eps; 32 groups as in the paper (Wu & He 2018) and in detectron2. */
const GROUP_NORM = { groups: 32, epsilon: 1e-5 };

/** 32 groups, or the nearest lower power of two that divides the channels: MobileNet's 24 have 8. */
function defaultGroups(channels: number): number {
  let { groups } = GROUP_NORM;
  while (channels % groups !== 0) groups /= 2;
  return groups;
}

/** torch.nn.GroupNorm: statistics of each image's own groups of channels, so the batch may be of one image. */
export class GroupNorm extends Module implements Normalization {
  /** Scale of each channel. */
  readonly weight: Parameter;
  /** Shift of each channel. */
  readonly bias: Parameter;

  /**
   * With scale 1 and shift 0.
   *
   * @param groups 32, or the nearest lower power of two that divides the channels, if left out
   */
  constructor(
    private readonly channels: number,
    private readonly groups = defaultGroups(channels),
    /** Added to the variance: torch's eps. */
    readonly epsilon = GROUP_NORM.epsilon,
  ) {
    super();
    this.weight = this.parameter('weight', tf.ones([channels]));
    this.bias = this.parameter('bias', tf.zeros([channels]));
  }

  afterConvolution(convolution: Convolution, x: tf.Tensor4D, activation: Activation = {}): tf.Tensor4D {
    return tf.tidy(() => {
      const y = convolution.forward(x);
      return normalizeByOwnStatistics(y, this, activation, {
        precision: convolution.precision,
        pool: (values) => this.meanOfGroups(values),
        imageByImage: true,
      });
    });
  }

  private meanOfGroups(values: tf.Tensor1D): tf.Tensor1D {
    const perGroup = this.channels / this.groups;
    const means = tf.mean(tf.reshape(values, [this.groups, perGroup]), 1, true);
    return tf.reshape(tf.tile(means, [1, perGroup]), [this.channels]);
  }
}

/**
 * Normalizes by the statistics of x itself, adds a residual and activates, in one node of the tape, which saves x and what
 * the activation needs. The caller disposes.
 *
 * @param x [N, H, W, C]; all N share their statistics, unless it goes image by image
 */
function normalizeByOwnStatistics(
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
