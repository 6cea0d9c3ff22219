import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../../nn/module';
import type { Body } from './body';

/** What a detector's heads look at: maps of pictures. */
export interface Backbone extends Module {
  /** Channels of every map. */
  readonly outChannels: number;
  /** x [N, H, W, 3] -> maps, finest first. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[];
}

/** The coarsest map of a body alone, without a feature pyramid: what detectron2 calls C4, where it is a ResNet's. */
export class SingleMapBackbone extends Module implements Backbone {
  readonly outChannels: number;
  private readonly body: Body;

  /** Takes over the body. */
  constructor(body: Body) {
    super();
    this.body = this.child('body', body);
    this.outChannels = body.outChannels.at(-1)!;
  }

  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    return tf.tidy(() => this.body.forward(x).slice(-1));
  }
}
