import { concat, type Value } from '../../onnx/value';
import type { Boxes } from '../../structures/boxes';
import { numBoxes } from '../../structures/boxes';

const { fround } = Math;

/** Largest log of a side's growth: keeps exp() finite (torchvision's bbox_xform_clip). */
export const LARGEST_LOG_GROWTH = fround(Math.log(1000 / 16));

/**
 * Differences between boxes as a regressor learns them: torchvision's BoxCoder, in its order of float32
 * operations. A delta is (dx, dy, dw, dh): the shift of the center in widths and heights of the reference box,
 * and the logs of the sides' growth, each times its weight.
 */
export class BoxCoder {
  /**
   * How deltas are scaled.
   *
   * @param weights of dx, dy, dw, dh
   */
  constructor(readonly weights: readonly number[]) {}

  /**
   * Deltas that turn each proposal into its ground truth.
   * @param gtBoxes N boxes with positive sides
   * @param proposals N boxes with positive sides
   * @returns [N * 4]
   */
  encode(gtBoxes: Boxes, proposals: Boxes): Float32Array {
    const [wx, wy, ww, wh] = this.weights;
    const deltas = new Float32Array(proposals.length);
    for (let i = 0; i < proposals.length; i += 4) {
      const width = fround(proposals[i + 2] - proposals[i]);
      const height = fround(proposals[i + 3] - proposals[i + 1]);
      const centerX = fround(proposals[i] + fround(0.5 * width));
      const centerY = fround(proposals[i + 1] + fround(0.5 * height));
      const gtWidth = fround(gtBoxes[i + 2] - gtBoxes[i]);
      const gtHeight = fround(gtBoxes[i + 3] - gtBoxes[i + 1]);
      const gtCenterX = fround(gtBoxes[i] + fround(0.5 * gtWidth));
      const gtCenterY = fround(gtBoxes[i + 1] + fround(0.5 * gtHeight));
      deltas[i] = fround(wx * fround(gtCenterX - centerX)) / width;
      deltas[i + 1] = fround(wy * fround(gtCenterY - centerY)) / height;
      deltas[i + 2] = ww * fround(Math.log(fround(gtWidth / width)));
      deltas[i + 3] = wh * fround(Math.log(fround(gtHeight / height)));
    }
    return deltas;
  }

  /**
   * Each box moved by its delta. Not clipped.
   * @param deltas [N * 4]
   * @param boxes N boxes
   */
  decode(deltas: Float32Array, boxes: Boxes): Boxes {
    const result = new Float32Array(boxes.length);
    for (let i = 0; i < numBoxes(boxes); i++) this.decodeInto(result, i, deltas, i, boxes, i);
    return result;
  }

  /**
   * Writes box `boxIndex` of `boxes`, moved by delta `deltaIndex`, to place `resultIndex` of `result`: takes the
   * few deltas that are wanted out of many (all anchors, all classes of a region) where they lie.
   */
  decodeInto(
    result: Boxes,
    resultIndex: number,
    deltas: Float32Array,
    deltaIndex: number,
    boxes: Boxes,
    boxIndex: number,
  ): void {
    const [wx, wy, ww, wh] = this.weights;
    const r = resultIndex * 4;
    const d = deltaIndex * 4;
    const b = boxIndex * 4;
    const width = fround(boxes[b + 2] - boxes[b]);
    const height = fround(boxes[b + 3] - boxes[b + 1]);
    const logWidth = Math.min(fround(deltas[d + 2] / ww), LARGEST_LOG_GROWTH);
    const logHeight = Math.min(fround(deltas[d + 3] / wh), LARGEST_LOG_GROWTH);
    const centerX = fround(fround(fround(deltas[d] / wx) * width) + fround(boxes[b] + fround(0.5 * width)));
    const centerY = fround(
      fround(fround(deltas[d + 1] / wy) * height) + fround(boxes[b + 1] + fround(0.5 * height)),
    );
    const halfWidth = fround(0.5 * fround(fround(Math.exp(logWidth)) * width));
    const halfHeight = fround(0.5 * fround(fround(Math.exp(logHeight)) * height));
    result[r] = centerX - halfWidth;
    result[r + 1] = centerY - halfHeight;
    result[r + 2] = centerX + halfWidth;
    result[r + 3] = centerY + halfHeight;
  }

  /** `decode` in an ONNX graph. @param deltas [..., 4] @param boxes [..., 4] or what broadcasts to it */
  exportDecode(deltas: Value, boxes: Value): Value {
    const halves = (of: Value): [Value, Value] => [of.slice(-1, 0, 2), of.slice(-1, 2, 4)];
    const weights = this.weights.some((weight) => weight !== 1)
      ? deltas.div(deltas.graph.constant(this.weights, 'float32'))
      : deltas;
    const [[corners, opposite], [shifts, growths]] = [halves(boxes), halves(weights)];
    const sides = opposite.sub(corners);
    const centers = shifts.mul(sides).add(corners.add(sides.mul(0.5)));
    const half = growths.minimum(LARGEST_LOG_GROWTH).exp().mul(sides).mul(0.5);
    return concat([centers.sub(half), centers.add(half)], -1);
  }
}
