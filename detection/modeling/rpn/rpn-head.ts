import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { ModuleList } from '../../nn/containers';
import { Conv2d } from '../../nn/convolution';
import { normal } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import { gatherPatches, type Patches, type Pixels } from '../../ops/patches';
import { reluConvolutionsOnPatches } from '../dense/dense-tower';

/** torchvision's RPNHead: every layer normal with this standard deviation, bias 0. */
const INITIAL_STANDARD_DEVIATION = 0.01;

/** What the head says of all anchors of N images, levels from fine to coarse, in each: y, x, anchor. */
export interface RpnPredictions {
  /** [N, A] */
  objectnessLogits: tf.Tensor2D;
  /** [N, A, 4] */
  boxDeltas: tf.Tensor3D;
}

/** The same of S sampled anchors. */
export interface SampledPredictions {
  /** [S] */
  logits: tf.Tensor1D;
  /** [S, 4] */
  deltas: tf.Tensor2D;
}

/** What some anchors see of the features: all that their predictions depend on. */
export interface AnchorSurroundings extends Patches {
  /** [S], which of the anchors of its location each is. */
  readonly anchorsOfLocation: Int32Array;
}

/** torchvision's RPNHead: 3x3 convolutions, then objectness and box deltas of each anchor by 1x1 convolutions. */
export class RpnHead extends Module {
  private readonly convolutions: readonly Conv2d[];
  private readonly objectness: Conv2d;
  private readonly boxDeltas: Conv2d;

  /**
   * With random weights.
   *
   * @param channels of the levels
   * @param depth 3x3 convolutions: 1, and 2 in fasterrcnn_resnet50_fpn_v2
   */
  constructor(
    channels: number,
    private readonly anchorsPerLocation: number,
    random: RandomStream,
    depth = 1,
  ) {
    super();
    const convolution = (kernel: number, outChannels: number): Conv2d =>
      new Conv2d(
        normal([kernel, kernel, channels, outChannels], INITIAL_STANDARD_DEVIATION, random) as tf.Tensor4D,
        tf.zeros([outChannels]),
        { padding: (kernel - 1) / 2 },
      );
    this.convolutions = Array.from({ length: depth }, () => convolution(3, channels));
    this.child('conv', new ModuleList(this.convolutions.map((layer) => new ModuleList([layer]))));
    this.objectness = this.child('cls_logits', convolution(1, anchorsPerLocation));
    this.boxDeltas = this.child('bbox_pred', convolution(1, 4 * anchorsPerLocation));
  }

  /** Features [N, H, W, C] of each level. The caller disposes (or a tidy around it). */
  forward(features: readonly tf.Tensor4D[]): RpnPredictions {
    return tf.tidy(() => {
      const levels = features.map((feature) =>
        tf.tidy(() => {
          const hidden = this.convolutions.reduce(
            (x, layer) => layer.forward(x, { nonlinearity: 'relu' }),
            feature,
          );
          const [batch] = feature.shape;
          return {
            logits: tf.reshape<tf.Rank.R2>(this.objectness.forward(hidden), [batch, -1]),
            deltas: tf.reshape<tf.Rank.R3>(this.boxDeltas.forward(hidden), [batch, -1, 4]),
          };
        }),
      );
      return {
        objectnessLogits: tf.concat2d(
          levels.map(({ logits }) => logits),
          1,
        ),
        boxDeltas: tf.concat3d(
          levels.map(({ deltas }) => deltas),
          1,
        ),
      };
    });
  }

  /** The same of a level in an ONNX graph: feature [N, C, H, W] -> [N, R] and [N, R, 4]. */
  exportTo(feature: Value): Record<'logits' | 'deltas', Value> {
    const hidden = this.convolutions.reduce(
      (x, layer) => layer.exportTo(x, { nonlinearity: 'relu' }),
      feature,
    );
    const rows = (layer: Conv2d): Value => layer.exportTo(hidden).transpose([0, 2, 3, 1]);
    return {
      logits: rows(this.objectness).reshape([0, -1]),
      deltas: rows(this.boxDeltas).reshape([0, -1, 4]),
    };
  }

  /**
   * What `forwardAt` needs for some anchors of a batch. The caller disposes the tensors.
   *
   * @param anchors [S], image * A + anchor.
   */
  surroundings(features: readonly tf.Tensor4D[], anchors: Int32Array): AnchorSurroundings {
    const { pixels, anchorsOfLocation } = this.locate(features, anchors);
    const side = 2 * this.convolutions.length + 1;
    return { ...gatherPatches(features, pixels, side), anchorsOfLocation };
  }

  /** The predictions of `forward` for some anchors only. The caller disposes. */
  forwardAt(surroundings: AnchorSurroundings): SampledPredictions {
    const { anchorsOfLocation } = surroundings;
    return tf.tidy(() => {
      const hidden = reluConvolutionsOnPatches(this.convolutions, surroundings);
      const own = tf.tensor1d(
        anchorsOfLocation.map((anchor, row) => row * this.anchorsPerLocation + anchor),
        'int32',
      );
      return {
        logits: tf.gather(tf.reshape<tf.Rank.R1>(this.objectness.forward(hidden), [-1]), own),
        deltas: tf.gather(tf.reshape<tf.Rank.R2>(this.boxDeltas.forward(hidden), [-1, 4]), own),
      };
    });
  }

  /** Where anchors lie, in the order of `forward`'s predictions. */
  private locate(
    features: readonly tf.Tensor4D[],
    anchors: Int32Array,
  ): { pixels: Pixels; anchorsOfLocation: Int32Array } {
    const locations = features.map(({ shape: [, height, width] }) => height * width);
    const perImage = locations.reduce((sum, count) => sum + count, 0) * this.anchorsPerLocation;
    const levels = new Int32Array(anchors.length);
    const positions = new Int32Array(anchors.length);
    anchors.forEach((anchor, i) => {
      let location = Math.floor((anchor % perImage) / this.anchorsPerLocation);
      let level = 0;
      while (location >= locations[level]) location -= locations[level++];
      levels[i] = level;
      positions[i] = Math.floor(anchor / perImage) * locations[level] + location;
    });
    return {
      pixels: { levels, positions },
      anchorsOfLocation: anchors.map((anchor) => anchor % this.anchorsPerLocation),
    };
  }
}
