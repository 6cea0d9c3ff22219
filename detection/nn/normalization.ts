import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import type { BatchStatistics } from './batch-statistics';
import type { Activation, Affine, Convolution } from './convolution';
import { exportGroupNorm, type ExportedActivation } from './exported-layers';
import { Module, type Parameter } from './module';
import { NormNotLoadedError, SingleValueNormError } from './norm-errors';
import { normalizeByOwnStatistics } from './own-statistics';
import { isTrainingStep } from './tfjs-internals';

/** Convolution followed by its normalization, however the two are best computed together. */
export interface Normalization extends Module {
  /** x [N, H, W, in] -> convolution, normalization, residual and activation function. The caller disposes. */
  afterConvolution(convolution: Convolution, x: tf.Tensor4D, activation?: Activation): tf.Tensor4D;
  /** The same in an ONNX graph: x [N, in, H, W] -> [N, out, H', W']. */
  exportAfter(convolution: Convolution, x: Value, activation?: ExportedActivation): Value;
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

  exportAfter(convolution: Convolution, x: Value, activation?: ExportedActivation): Value {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    return convolution.exportTo(x, activation, () =>
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

  exportAfter(convolution: Convolution, x: Value, activation?: ExportedActivation): Value {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    return convolution.exportTo(x, activation, () =>
      affine(weight, bias, runningMean, runningVariance, epsilon),
    );
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
    /** How many groups the channels are in. */
    readonly groups = defaultGroups(channels),
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

  exportAfter(convolution: Convolution, x: Value, activation: ExportedActivation = {}): Value {
    return exportGroupNorm(convolution.exportTo(x), this, activation);
  }

  private meanOfGroups(values: tf.Tensor1D): tf.Tensor1D {
    const perGroup = this.channels / this.groups;
    const means = tf.mean(tf.reshape(values, [this.groups, perGroup]), 1, true);
    return tf.reshape(tf.tile(means, [1, perGroup]), [this.channels]);
  }
}
