import * as tf from '@tensorflow/tfjs-core';
import { linearUniform } from '../../nn/initialisers';
import { Linear } from '../../nn/linear';
import type { Layout } from '../../nn/module';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';

/** A linear layer as torch.nn.Linear initialises it. */
export function linear(
  inFeatures: number,
  outFeatures: number,
  random: RandomStream,
  layout?: Layout,
): Linear {
  const weight = linearUniform([inFeatures, outFeatures], inFeatures, random) as tf.Tensor2D;
  return new Linear(weight, linearUniform([outFeatures], inFeatures, random) as tf.Tensor1D, layout);
}

/** torchvision's TwoMLPHead. */
export class TwoMlpHead extends Module {
  private readonly fc6: Linear;
  private readonly fc7: Linear;

  constructor(
    channels: number,
    resolution: number,
    readonly outFeatures: number,
    random: RandomStream,
  ) {
    super();
    const layout = { channels, height: resolution, width: resolution };
    this.fc6 = this.child('fc6', linear(channels * resolution ** 2, outFeatures, random, layout));
    this.fc7 = this.child('fc7', linear(outFeatures, outFeatures, random));
  }

  /** Pooled ROIs [R, size, size, C] -> [R, outFeatures]. The caller disposes. */
  forward(pooled: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const [numRois, height, width, channels] = pooled.shape;
      const flat = tf.reshape(pooled, [numRois, height * width * channels]);
      return this.fc7.forward(this.fc6.forward(flat as tf.Tensor2D, { relu: true }), { relu: true });
    });
  }
}

/** torchvision's FastRCNNPredictor: K foreground classes and the background, which is class 0. */
export class FastRcnnPredictor extends Module {
  private readonly classScore: Linear;
  private readonly boxDeltas: Linear;

  constructor(inFeatures: number, numClasses: number, random: RandomStream) {
    super();
    this.classScore = this.child('cls_score', linear(inFeatures, numClasses + 1, random));
    this.boxDeltas = this.child('bbox_pred', linear(inFeatures, 4 * (numClasses + 1), random));
  }

  /** [R, in] -> logits [R, K + 1] and box deltas [R, (K + 1) * 4]. The caller disposes. */
  forward(x: tf.Tensor2D): { classLogits: tf.Tensor2D; boxDeltas: tf.Tensor2D } {
    return { classLogits: this.classScore.forward(x), boxDeltas: this.boxDeltas.forward(x) };
  }
}
