import { concatValues } from './concat-values';
import type { Size } from './size';

/**
 * N boxes as a flat [N * 4] array: x1, y1, x2, y2 of each, absolute pixels, 0-based, no +1.
 * float32, because that is what torchvision computes with and ties between overlaps depend on it: the functions
 * here and in ops/ round after each operation, as a float32 tensor does.
 */
export type Boxes = Float32Array;

/** Number of boxes. */
export function numBoxes(boxes: Boxes): number {
  return boxes.length / 4;
}

/** [N] areas in square pixels (torchvision's box_area). */
export function boxAreas(boxes: Boxes): Float32Array {
  const areas = new Float32Array(numBoxes(boxes));
  for (let i = 0, b = 0; i < areas.length; i++, b += 4) {
    areas[i] = Math.fround(boxes[b + 2] - boxes[b]) * Math.fround(boxes[b + 3] - boxes[b + 1]);
  }
  return areas;
}

/** A new array with every box cut to 0..width and 0..height of the image (torchvision's clip_boxes_to_image). */
export function clipBoxes(boxes: Boxes, image: Size): Boxes {
  return boxes.map((value, i) => Math.min(Math.max(value, 0), i % 2 === 0 ? image.width : image.height));
}

/** A new array: boxes in pixels of an image of size `from`, in pixels of it at size `to` (torchvision's resize_boxes). */
export function scaleBoxes(boxes: Boxes, from: Size, to: Size): Boxes {
  const ratioX = Math.fround(to.width / from.width);
  const ratioY = Math.fround(to.height / from.height);
  return boxes.map((value, i) => value * (i % 2 === 0 ? ratioX : ratioY));
}

/** A new array: the boxes of an image that is `width` pixels wide after it is mirrored left to right. */
export function flipBoxes(boxes: Boxes, width: number): Boxes {
  const flipped = boxes.slice();
  for (let b = 0; b < boxes.length; b += 4) {
    flipped[b] = width - boxes[b + 2];
    flipped[b + 2] = width - boxes[b];
  }
  return flipped;
}

/** A new array: the boxes of an image that is `height` pixels high after it is mirrored top to bottom. */
export function flipBoxesVertically(boxes: Boxes, height: number): Boxes {
  const flipped = boxes.slice();
  for (let b = 0; b < boxes.length; b += 4) {
    flipped[b + 1] = height - boxes[b + 3];
    flipped[b + 3] = height - boxes[b + 1];
  }
  return flipped;
}

/** A new array with the boxes of all lists, in their order. */
export function concatBoxes(lists: readonly Boxes[]): Boxes {
  return concatValues(lists);
}

/** A new array with the boxes at these indices, in their order. */
export function selectBoxes(boxes: Boxes, indices: Int32Array): Boxes {
  const result = new Float32Array(indices.length * 4);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * 4;
    for (let k = 0; k < 4; k++) result[i * 4 + k] = boxes[from + k];
  }
  return result;
}
