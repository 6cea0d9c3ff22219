import type * as tf from '@tensorflow/tfjs-core';
import { concat, type Value } from '../../onnx/value';
import type { Boxes } from '../../structures/boxes';
import type { ImageBatch } from '../../structures/image-batch';
import type { Size } from '../../structures/size';
import { mapSize } from '../rpn/anchor-generator';

const { fround, sqrt, min } = Math;

/**
 * Default boxes: SSD's anchors (Liu et al. 2016), in the middle of each place's cell, as torchvision's DefaultBoxGenerator lays
 * them out without steps. Sides are shares of the image's own, so that they have its proportions: of map k, a square of scale
 * s_k, one of the scale between s_k and s_k+1, and for each ratio r boxes of s_k * sqrt(r) by s_k / sqrt(r), lying and
 * upright. No side is longer than the image's; a box may reach beyond the image all the same.
 */
export class DefaultBoxGenerator {
  /** Of each map [A * 2]: width and height. */
  private readonly sides: readonly Float32Array[];

  /**
   * A generator for as many maps as there are scales but one.
   *
   * @param scales of each map, and one behind the last
   * @param aspectRatios width / height beside 1, on every map
   */
  constructor(scales: readonly number[], aspectRatios: readonly number[]) {
    this.sides = scales.slice(0, -1).map((scale, k) => {
      const between = sqrt(scale * scales[k + 1]);
      const ofRatios = aspectRatios.flatMap((ratio) => {
        const [long, short] = [scale * sqrt(ratio), scale / sqrt(ratio)];
        return [long, short, short, long];
      });
      return Float32Array.from([scale, scale, between, between, ...ofRatios], (side) => min(side, 1));
    });
  }

  /** A of each map. */
  numAnchorsPerLocation(): number[] {
    return this.sides.map((sides) => sides.length / 2);
  }

  /** Default boxes of each map: the same for all images of a batch, because they have one size. */
  forward(features: readonly tf.Tensor4D[], { tensor: { shape } }: ImageBatch): Boxes[] {
    const [, height, width] = shape;
    return this.anchors({ height, width }, features.map(mapSize));
  }

  /** Default boxes of all maps, of features [N, C, H, W] of an image of that kind, in an ONNX graph: [R, 4]. */
  exportTo(features: readonly Value[], image: Value): Value {
    const { graph } = image;
    const [width, height] = [3, 2].map((axis) => image.side(axis).cast('float32'));
    const ofMaps = this.sides.map((sides, k) => {
      const [x, y] = [3, 2].map((axis) => {
        const side = features[k].side(axis);
        return side.range().cast('float32').add(0.5).div(side.cast('float32'));
      });
      const columns = x.reshape([1, -1, 1, 1]).mul(graph.constant([1, 0, 1, 0], 'float32'));
      const rows = y.reshape([-1, 1, 1, 1]).mul(graph.constant([0, 1, 0, 1], 'float32'));
      const shape = [sides.length / 2, 4];
      const corners = graph.tensor(`boxes of map ${k}`, { type: 'float32', shape, data: cornersOf(sides) });
      return rows.add(columns).add(corners).reshape([-1, 4]);
    });
    return concat(ofMaps, 0).mul(concat([width, height, width, height], 0));
  }

  /**
   * Default boxes of each map, [H * W * A * 4]: by row, by column, by anchor.
   * @param imageSize height and width of the batch's tensor
   * @throws RangeError if there are not as many maps as there are scales for
   */
  anchors(imageSize: Size, mapSizes: readonly Size[]): Boxes[] {
    if (mapSizes.length !== this.sides.length) {
      throw new RangeError(
        `Default boxes are defined for ${this.sides.length} feature maps, but there are ${mapSizes.length}.`,
      );
    }
    return mapSizes.map((mapSize, k) => gridBoxes(this.sides[k], imageSize, mapSize));
  }
}

/** [A * 4] of boxes of these sides around the origin. */
function cornersOf(sides: Float32Array): Float32Array {
  const corners = new Float32Array(2 * sides.length);
  for (let a = 0; a < sides.length; a += 2) {
    const [x, y] = [sides[a] / 2, sides[a + 1] / 2];
    corners.set([-x, -y, x, y], 2 * a);
  }
  return corners;
}

/** In float32, operation by operation. */
function gridBoxes(sides: Float32Array, image: Size, map: Size): Boxes {
  const boxes = new Float32Array(map.height * map.width * 2 * sides.length);
  let i = 0;
  for (let y = 0; y < map.height; y++) {
    const centerY = fround((y + 0.5) / map.height);
    for (let x = 0; x < map.width; x++) {
      const centerX = fround((x + 0.5) / map.width);
      for (let a = 0; a < sides.length; a += 2) {
        const [halfWidth, halfHeight] = [sides[a] / 2, sides[a + 1] / 2];
        boxes[i++] = fround(centerX - halfWidth) * image.width;
        boxes[i++] = fround(centerY - halfHeight) * image.height;
        boxes[i++] = fround(centerX + halfWidth) * image.width;
        boxes[i++] = fround(centerY + halfHeight) * image.height;
      }
    }
  }
  return boxes;
}
