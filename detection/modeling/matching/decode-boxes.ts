import * as tf from '@tensorflow/tfjs-core';
import { numBoxes, type Boxes } from '../../structures/boxes';
import { LARGEST_LOG_GROWTH, type BoxCoder } from './box-coder';

const { fround } = Math;

/**
 * What `BoxCoder.decode` computes, with a gradient by the deltas: for losses of boxes themselves. It is 0 for growths that
 * are cut off, the largest itself among them: so it is in torch, where that number is above its own in float64. The caller
 * disposes.
 *
 * @param deltas [N, 4]
 * @param boxes N boxes
 * @returns [N, 4] x1, y1, x2, y2. Not clipped.
 */
export function decodeBoxes(deltas: tf.Tensor2D, boxes: Boxes, { weights }: BoxCoder): tf.Tensor2D {
  return tf.tidy(() => {
    const count = numBoxes(boxes);
    const sides = new Float32Array(2 * count);
    const centers = new Float32Array(2 * count);
    for (let i = 0; i < sides.length; i++) {
      const first = 4 * (i >> 1) + (i & 1);
      sides[i] = boxes[first + 2] - boxes[first];
      centers[i] = boxes[first] + fround(0.5 * sides[i]);
    }
    const asPairs = (values: Float32Array): tf.Tensor2D => tf.tensor2d(values, [count, 2]);
    const ofDeltas = (first: number): tf.Tensor =>
      tf.div(tf.slice(deltas, [0, first], [-1, 2]), tf.tensor1d(weights.slice(first, first + 2)));
    const sidesOfBoxes = asPairs(sides);
    const growth = tf.minimum(LARGEST_LOG_GROWTH, ofDeltas(2));
    const decodedCenters = tf.add(tf.mul(ofDeltas(0), sidesOfBoxes), asPairs(centers));
    const halves = tf.mul(0.5, tf.mul(tf.exp(growth), sidesOfBoxes));
    return tf.concat([tf.sub(decodedCenters, halves), tf.add(decodedCenters, halves)], 1) as tf.Tensor2D;
  });
}
