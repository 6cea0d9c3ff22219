import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Module } from '../../nn/module';
import type { NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';

/** What every body is built from. */
export interface BodyOptions {
  /** Makes the normalization behind each convolution. */
  normalization: NormalizationFactory;
  /** How many stages are trained, counted from the top: 0 none, and each architecture says how many there are. */
  trainableLayers: number;
  /** Of the initial weights. */
  random: RandomStream;
}

/** The part of a backbone below the feature pyramid. */
export abstract class Body extends Module {
  /** Channels of the maps that `forward` returns. */
  abstract readonly outChannels: readonly number[];

  /** x [N, H, W, 3] -> feature maps, finest first. The caller disposes (or a tidy around it). */
  abstract forward(x: tf.Tensor4D): tf.Tensor4D[];

  /** The same in an ONNX graph, x [N, 3, H, W]; absent: it cannot be exported. */
  exportTo?(x: Value): Value[];
}
