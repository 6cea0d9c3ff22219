import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Module } from '../../nn/module';
import { requireExported } from '../not-exportable-error';
import type { Body } from './body';

/** What a detector's heads look at: maps of pictures. */
export interface Backbone extends Module {
  /** Channels of every map. */
  readonly outChannels: number;
  /** x [N, H, W, 3] -> maps, finest first. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D[];
  /** The same in an ONNX graph: x [N, 3, H, W]; absent: it cannot be exported. */
  exportTo?(x: Value): Value[];
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

  exportTo(x: Value): Value[] {
    return requireExported(this.body.exportTo?.(x), this.body).slice(-1);
  }
}
