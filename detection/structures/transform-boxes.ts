import type { Boxes } from './boxes';
import type { Size } from './size';

/**
 * The boxes of an image of size `from` after that image is resized to `to`: torchvision's resize_boxes, with
 * the ratio of each axis and the products rounded to float32 as there. The input is left alone.
 */
export function scaleBoxes(boxes: Boxes, from: Size, to: Size): Boxes {
  const ratios = [Math.fround(to.width / from.width), Math.fround(to.height / from.height)];
  return boxes.map((value, i) => value * ratios[i % 2]);
}

/** The boxes of an image that is `width` pixels wide after mirroring it left to right. The input is left alone. */
export function flipBoxes(boxes: Boxes, width: number): Boxes {
  const flipped = boxes.slice();
  for (let i = 0; i < boxes.length; i += 4) {
    flipped[i] = width - boxes[i + 2];
    flipped[i + 2] = width - boxes[i];
  }
  return flipped;
}
