import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Module } from '../../nn/module';
import type { ClassificationHead } from './classification-head';
import type { DensePredictions } from './dense-inference';
import type { ExportedDensePredictions } from './dense-inference-onnx';

/** What runs over every level of a dense detector: torchvision's RetinaNetHead and FCOSHead. */
export abstract class DenseHead<Regression extends Module> extends Module {
  /** The classification head. */
  readonly classification: ClassificationHead;
  /** The box regression head. */
  readonly regression: Regression;

  /** Takes over both heads. */
  constructor(classification: ClassificationHead, regression: Regression) {
    super();
    this.classification = this.child('classification_head', classification);
    this.regression = this.child('regression_head', regression);
  }

  /** A level [N, H, W, C] -> predictions for its anchors. The caller disposes. */
  abstract forward(feature: tf.Tensor4D): DensePredictions;

  /** The same in an ONNX graph: feature [N, C, H, W]. */
  abstract exportTo(feature: Value): ExportedDensePredictions;
}
