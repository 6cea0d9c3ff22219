import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { Conv2d } from '../../nn/convolution';
import { normal } from '../../nn/initializers';
import { Module } from '../../nn/module';
import type { Normalization, NormalizationFactory } from '../../nn/normalization';
import type { RandomStream } from '../../nn/random';
import type { Patches } from '../../ops/patches';

/** torchvision's heads of RetinaNet and FCOS: every layer normal with this standard deviation, bias 0. */
const INITIAL_STANDARD_DEVIATION = 0.01;

/** A 3x3 convolution of a dense head, which keeps the size. */
export function headConvolution(
  inChannels: number,
  outChannels: number,
  random: RandomStream,
  { bias = 0 }: { readonly bias?: number | null } = {},
): Conv2d {
  return new Conv2d(
    normal([3, 3, inChannels, outChannels], INITIAL_STANDARD_DEVIATION, random) as tf.Tensor4D,
    bias === null ? undefined : tf.fill<tf.Rank.R1>([outChannels], bias),
    { padding: 1 },
  );
}

/** How a head names the layers of its tower: those of layer i. */
export type TowerNames = (i: number) => TowerLayerNames;

/** Names of a layer of a tower. */
export interface TowerLayerNames {
  /** Of its convolution. */
  readonly convolution: string;
  /** Of the normalization behind it, where there is one. */
  readonly normalization: string;
}

/** How a tower is built. */
export interface TowerOptions {
  /** Input channels, which are also the output channels of each convolution. */
  readonly channels: number;
  /** Convolutions; 4 in RetinaNet and FCOS. */
  readonly depth: number;
  /** Names of the layers in the state dict. */
  readonly names: TowerNames;
  /** Whether convolutions that a normalization follows have a bias nevertheless. */
  readonly biased: boolean;
  /** Makes the normalization behind each convolution; none if left out. */
  readonly normalization?: NormalizationFactory;
  /** Random stream that the initial weights are drawn from. */
  readonly random: RandomStream;
}

/** A head's predictions of a level in an ONNX graph, [N, A * columns, H, W], as rows [N, H * W * A, columns]. */
export function exportedRows(predictions: Value, columns: number): Value {
  return predictions.transpose([0, 2, 3, 1]).reshape([0, -1, columns]);
}

interface Layer {
  readonly convolution: Conv2d;
  readonly normalization: Normalization | undefined;
}

/** The convolutions that a dense head runs over every level, each with ReLU, before its predictions. */
export class DenseTower extends Module {
  private readonly layers: readonly Layer[];

  /** With random weights. */
  constructor({ channels, depth, names, biased, normalization, random }: TowerOptions) {
    super();
    this.layers = Array.from({ length: depth }, (_, i) => {
      const { convolution, normalization: name } = names(i);
      const bias = normalization && !biased ? null : 0;
      return {
        convolution: this.child(convolution, headConvolution(channels, channels, random, { bias })),
        normalization: normalization && this.child(name, normalization(channels)),
      };
    });
  }

  /** Number of convolutions. */
  get depth(): number {
    return this.layers.length;
  }

  /** Whether a place depends on its surroundings alone: not where a normalization looks at the whole map. */
  get isLocal(): boolean {
    return this.layers.every(({ normalization }) => normalization === undefined);
  }

  /** x [N, H, W, C] -> the same shape. The caller disposes. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() =>
      this.layers.reduce(
        (y, { convolution, normalization }) =>
          normalization
            ? normalization.afterConvolution(convolution, y, { nonlinearity: 'relu' })
            : convolution.forward(y, { nonlinearity: 'relu' }),
        x,
      ),
    );
  }

  /** The same in an ONNX graph: x [N, C, H, W]. */
  exportTo(x: Value): Value {
    return this.layers.reduce(
      (y, { convolution, normalization }) =>
        normalization
          ? normalization.exportAfter(convolution, y, { nonlinearity: 'relu' })
          : convolution.exportTo(y, { nonlinearity: 'relu' }),
      x,
    );
  }

  /** What `forward` says around some places: patches of `2 * depth` fewer pixels a side. The caller disposes. */
  forwardOnPatches(patches: Patches): tf.Tensor4D {
    return reluConvolutionsOnPatches(
      this.layers.map(({ convolution }) => convolution),
      patches,
    );
  }
}

/**
 * 3x3 convolutions with ReLU on patches that bring their surroundings along. What a further convolution sees outside of
 * the map is zero, not what the one before computes there.
 *
 * @returns patches of two fewer pixels a side for each convolution. The caller disposes.
 */
export function reluConvolutionsOnPatches(
  convolutions: readonly Conv2d[],
  { patches, inside }: Patches,
): tf.Tensor4D {
  return tf.tidy(() => {
    let hidden = patches;
    for (const [i, layer] of convolutions.entries()) {
      hidden = layer.forward(hidden, { nonlinearity: 'relu' }, undefined, 0);
      const side = hidden.shape[1];
      if (side > 1) hidden = tf.mul(hidden, tf.slice(inside, [0, i + 1, i + 1, 0], [-1, side, side, 1]));
    }
    return hidden;
  });
}
