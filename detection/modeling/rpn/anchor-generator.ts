import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Size } from '../../structures/size';

const { fround } = Math;

/** What detectron2's anchors have otherwise than torchvision's. */
export interface Detectron2Anchors {
  /** Of each level, pixels of the resized image: torchvision infers them from the sizes of images and maps. */
  readonly strides: readonly number[];
}

/**
 * Anchors: the same boxes at every place of every feature map, as torchvision's AnchorGenerator lays them out.
 * An anchor of size s and ratio r (height / width) is s * sqrt(r) high and s / sqrt(r) wide, its corners rounded,
 * and centered on the upper left corner of its place's cell in the image. detectron2's are not rounded, and come by size,
 * then by ratio.
 */
export class AnchorGenerator {
  /** [A * 4] of each level, around the origin; all sizes of the first ratio, then of the next. detectron2's by size. */
  readonly cellAnchors: readonly Boxes[];
  private last?: { readonly key: string; readonly anchors: Boxes[] };

  /**
   * @param sizes of each level, in pixels of the resized image
   * @param aspectRatios of each level
   * @param detectron2 for anchors as detectron2's
   * @throws RangeError if the two do not have as many levels
   */
  constructor(
    sizes: readonly (readonly number[])[],
    aspectRatios: readonly (readonly number[])[],
    private readonly detectron2?: Detectron2Anchors,
  ) {
    if (sizes.length !== aspectRatios.length) {
      throw new RangeError(`Anchor sizes of ${sizes.length} levels, but ratios of ${aspectRatios.length}.`);
    }
    const cells = detectron2 ? detectron2CellAnchors : cellAnchors;
    this.cellAnchors = sizes.map((ofLevel, level) => cells(ofLevel, aspectRatios[level]));
  }

  /** A of each level. */
  numAnchorsPerLocation(): number[] {
    return this.cellAnchors.map((anchors) => anchors.length / 4);
  }

  /** Anchors of each level: the same for all images of a batch, because they are padded to one size. */
  forward(features: readonly tf.Tensor4D[], { tensor: { shape } }: ImageBatch): Boxes[] {
    const [, height, width] = shape;
    return this.anchors({ height, width }, features.map(mapSize));
  }

  /**
   * Anchors of each level, [H * W * A * 4]: by row, by column, by anchor. They are kept for the next call with
   * the same sizes: do not write into them.
   * @param paddedImageSize of the whole batch: height and width of its tensor
   * @param featureSizes of each level
   * @throws RangeError if there are not as many feature maps as levels
   */
  anchors(paddedImageSize: Size, featureSizes: readonly Size[]): Boxes[] {
    if (featureSizes.length !== this.cellAnchors.length) {
      throw new RangeError(
        `Anchors are defined for ${this.cellAnchors.length} feature maps, but there are ${featureSizes.length}.`,
      );
    }
    const key = [paddedImageSize, ...featureSizes].map(({ height, width }) => `${height}x${width}`).join();
    if (this.last?.key !== key) {
      const anchors = this.cellAnchors.map((cell, level) =>
        gridAnchors(cell, this.stride(level, paddedImageSize, featureSizes[level]), featureSizes[level]),
      );
      this.last = { key, anchors };
    }
    return this.last.anchors;
  }

  /** Anchors of each level, of features [N, C, H, W] of an image of that kind, in an ONNX graph: [H * W * A, 4]. */
  exportTo(features: readonly Value[], image: Value): Value[] {
    return this.cellAnchors.map((cell, level) => {
      const [x, y] = [3, 2].map((axis) => {
        const side = features[level].side(axis);
        const given = this.detectron2?.strides[level];
        return side
          .range()
          .mul(given ?? image.side(axis).div(side))
          .cast('float32');
      });
      const own = x.graph.tensor(`anchors of level ${level}`, {
        type: 'float32',
        shape: [cell.length / 4, 4],
        data: cell,
      });
      const columns = x.reshape([1, -1, 1, 1]).mul(x.graph.constant([1, 0, 1, 0], 'float32'));
      const rows = y.reshape([-1, 1, 1, 1]).mul(x.graph.constant([0, 1, 0, 1], 'float32'));
      return rows.add(columns).add(own).reshape([-1, 4]);
    });
  }

  private stride(level: number, image: Size, feature: Size): Size {
    const given = this.detectron2?.strides[level];
    if (given !== undefined) return { height: given, width: given };
    return {
      height: Math.floor(image.height / feature.height),
      width: Math.floor(image.width / feature.width),
    };
  }
}

/** Anchors of these sizes on each level, with the same ratios on every one. */
export function sharedRatios(
  {
    sizes,
    aspectRatios,
  }: {
    readonly sizes: readonly (readonly number[])[];
    readonly aspectRatios: readonly number[];
  },
  detectron2?: Detectron2Anchors,
): AnchorGenerator {
  return new AnchorGenerator(
    sizes,
    sizes.map(() => aspectRatios),
    detectron2,
  );
}

/** Of feature maps [N, H, W, C]. */
export function mapSize({ shape: [, height, width] }: tf.Tensor4D): Size {
  return { height, width };
}

/** Of maps of these strides, of which each but the first may be half of the one before: halves round up. */
export function featureSizes({ height, width }: Size, strides: readonly number[]): Size[] {
  return strides.map((stride) => ({ height: Math.ceil(height / stride), width: Math.ceil(width / stride) }));
}

function cellAnchors(sizes: readonly number[], aspectRatios: readonly number[]): Boxes {
  const corners = aspectRatios.flatMap((ratio) => {
    const heightRatio = fround(Math.sqrt(fround(ratio)));
    const widthRatio = fround(1 / heightRatio);
    return sizes.flatMap((size) => {
      const x = roundHalfToEven(fround(widthRatio * size) / 2);
      const y = roundHalfToEven(fround(heightRatio * size) / 2);
      return [-x, -y, x, y];
    });
  });
  return Float32Array.from(corners);
}

/** detectron2's generate_cell_anchors: in float64, then float32. */
function detectron2CellAnchors(sizes: readonly number[], aspectRatios: readonly number[]): Boxes {
  const corners = sizes.flatMap((size) =>
    aspectRatios.flatMap((ratio) => {
      const width = Math.sqrt(size ** 2 / ratio);
      const height = ratio * width;
      return [-width / 2, -height / 2, width / 2, height / 2];
    }),
  );
  return Float32Array.from(corners);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function gridAnchors(cell: Boxes, stride: Size, feature: Size): Boxes {
  const anchors = new Float32Array(feature.height * feature.width * cell.length);
  let i = 0;
  for (let y = 0; y < feature.height; y++) {
    for (let x = 0; x < feature.width; x++) {
      for (let a = 0; a < cell.length; a += 2) {
        anchors[i++] = cell[a] + x * stride.width;
        anchors[i++] = cell[a + 1] + y * stride.height;
      }
    }
  }
  return anchors;
}
