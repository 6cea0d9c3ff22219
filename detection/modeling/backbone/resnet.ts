import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Conv2d } from '../../nn/convolution';
import { kaimingNormalFanOut } from '../../nn/initializers';
import type { Normalization } from '../../nn/normalization';
import { Body, type BodyOptions } from './body';
import { recordIf } from './record-if';
import { ResNetStage, STEM_WIDTH, type ResNetDepth, type ResNetStageOptions } from './resnet-stage';

/** Five parts: layer4, layer3, layer2, layer1, stem. */
export interface ResNetOptions extends BodyOptions, ResNetStageOptions {
  /** Stages behind the stem; 4 if left out. One less where the last is a head, as in detectron2's C4 models. */
  numStages?: 3 | 4;
}

/** torchvision's ResNet without its classifier (Deep Residual Learning, He et al. 2015). */
export class ResNet extends Body {
  override readonly outChannels: readonly number[];
  private readonly conv1: Conv2d;
  private readonly bn1: Normalization;
  private readonly stages: readonly ResNetStage[];

  /**
   * With random weights.
   *
   * @param depth 18, 34, 50 or 101 layers
   */
  constructor(depth: ResNetDepth, { trainableLayers, numStages = 4, ...ofStages }: ResNetOptions) {
    super();
    const { normalization, random, width = STEM_WIDTH } = ofStages;
    this.conv1 = this.child(
      'conv1',
      new Conv2d(kaimingNormalFanOut([7, 7, 3, width], random), undefined, { stride: 2, padding: 3 }),
    );
    this.bn1 = this.child('bn1', normalization(width));
    this.stages = Array.from({ length: numStages }, (_, stage) =>
      this.child(`layer${stage + 1}`, new ResNetStage(depth, stage, ofStages)),
    );
    this.outChannels = this.stages.map(({ outChannels }) => outChannels);
    this.freezeBelow(trainableLayers);
  }

  /** torchvision's _resnet_fpn_extractor: of the parts from the top down, the first `trainableLayers` are trained. */
  private freezeBelow(trainableLayers: number): void {
    const fromTheTop = [...this.stages].reverse();
    for (const stage of fromTheTop.slice(trainableLayers)) stage.freeze();
    if (trainableLayers <= this.stages.length) {
      this.conv1.freeze();
      this.bn1.freeze();
    }
  }

  /** x [N, H, W, 3] -> C2..C5 with strides 4, 8, 16, 32; without C5 where there are three stages. The caller disposes (or a tidy around it). */
  forward(x: tf.Tensor4D): tf.Tensor4D[] {
    let trained = this.conv1.trainable;
    const stem = recordIf(trained, () =>
      tf.maxPool(this.bn1.afterConvolution(this.conv1, x, { nonlinearity: 'relu' }), 3, 2, 1),
    );
    let map = stem;
    const maps = this.stages.map((stage) => {
      trained ||= stage.trainable;
      map = recordIf(trained, () => stage.forward(map));
      return map;
    });
    stem.dispose();
    return maps;
  }

  override exportTo(x: Value): Value[] {
    const convolved = this.bn1.exportAfter(this.conv1, x, { nonlinearity: 'relu' });
    let map = convolved.op('MaxPool', [], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    return this.stages.map((stage) => (map = stage.exportTo(map)));
  }
}
