import * as tf from '@tensorflow/tfjs-core';
import { concat, type Value } from '../../onnx/value';
import { numBoxes, type Boxes } from '../../structures/boxes';

const { fround } = Math;

/**
 * Boxes as distances of their left, top, right and bottom side from a place, the middle of an anchor, in sides of the anchor:
 * torchvision's BoxLinearCoder with normalize_by_size, in its order of float32 operations.
 */
export class DistanceCoder {
  /**
   * Distances of each ground truth. Negative where the place lies outside.
   * @param gtBoxes N boxes
   * @param anchors N boxes with positive sides
   * @returns [N * 4] left, top, right, bottom
   */
  encode(gtBoxes: Boxes, anchors: Boxes): Float32Array {
    const distances = new Float32Array(anchors.length);
    for (let i = 0; i < anchors.length; i += 4) {
      const { x, y, width, height } = placeOf(anchors, i);
      distances[i] = fround(x - gtBoxes[i]) / width;
      distances[i + 1] = fround(y - gtBoxes[i + 1]) / height;
      distances[i + 2] = fround(gtBoxes[i + 2] - x) / width;
      distances[i + 3] = fround(gtBoxes[i + 3] - y) / height;
    }
    return distances;
  }

  /** Writes the box at distances `distanceIndex` of anchor `anchorIndex` to place `resultIndex` of `result`. Not clipped. */
  decodeInto(
    result: Boxes,
    resultIndex: number,
    distances: Float32Array,
    distanceIndex: number,
    anchors: Boxes,
    anchorIndex: number,
  ): void {
    const { x, y, width, height } = placeOf(anchors, anchorIndex * 4);
    const r = resultIndex * 4;
    const d = distanceIndex * 4;
    result[r] = x - fround(distances[d] * width);
    result[r + 1] = y - fround(distances[d + 1] * height);
    result[r + 2] = x + fround(distances[d + 2] * width);
    result[r + 3] = y + fround(distances[d + 3] * height);
  }

  /** The boxes [P, 4] at distances [P, 4] of P anchors, with their gradient. The caller disposes. */
  decode(distances: tf.Tensor2D, anchors: Boxes): tf.Tensor2D {
    const places = new Float32Array(anchors.length);
    const sides = new Float32Array(anchors.length);
    for (let i = 0; i < numBoxes(anchors); i++) {
      const { x, y, width, height } = placeOf(anchors, 4 * i);
      places.set([x, y, x, y], 4 * i);
      sides.set([-width, -height, width, height], 4 * i);
    }
    return tf.tidy(() => {
      const shape: [number, number] = [numBoxes(anchors), 4];
      return tf.add(tf.mul(distances, tf.tensor2d(sides, shape)), tf.tensor2d(places, shape));
    });
  }

  /** The same in an ONNX graph, without the gradient: distances [..., 4] of anchors [..., 4]. */
  exportDecode(distances: Value, anchors: Value): Value {
    const [corners, opposite] = [anchors.slice(-1, 0, 2), anchors.slice(-1, 2, 4)];
    const places = corners.add(opposite).mul(0.5);
    const sides = opposite.sub(corners);
    const [before, behind] = [distances.slice(-1, 0, 2), distances.slice(-1, 2, 4)];
    return concat([places.sub(before.mul(sides)), places.add(behind.mul(sides))], -1);
  }
}

function placeOf(anchors: Boxes, i: number): { x: number; y: number; width: number; height: number } {
  return {
    x: 0.5 * fround(anchors[i] + anchors[i + 2]),
    y: 0.5 * fround(anchors[i + 1] + anchors[i + 3]),
    width: fround(anchors[i + 2] - anchors[i]),
    height: fround(anchors[i + 3] - anchors[i + 1]),
  };
}
