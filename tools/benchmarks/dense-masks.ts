import { rleFromMask, rleToMask } from '../../datasets/coco/masks/rle';
import { numBoxes, type Boxes } from '../../detection/structures/boxes';
import type { Mask } from '../../detection/structures/mask';
import type { Size } from '../../detection/structures/size';

// What is done with masks where they are bitmaps, [G, H, W], as in torchvision: what run lengths are measured against.

/** Masks of an image, mirrored left to right and resized by the nearest pixel: [G, H, W], bytes. */
export function denseLoad(masks: readonly Mask[], from: Size, to: Size): Uint8Array {
  const bitmaps = new Uint8Array(masks.length * from.height * from.width);
  masks.forEach((mask, i) => bitmaps.set(rleToMask(mask), i * from.height * from.width));
  const flipped = new Uint8Array(bitmaps.length);
  for (let row = 0; row < bitmaps.length; row += from.width) {
    for (let x = 0; x < from.width; x++) flipped[row + x] = bitmaps[row + from.width - 1 - x];
  }
  const resized = new Uint8Array(masks.length * to.height * to.width);
  const rows = nearest(from.height, to.height);
  const columns = nearest(from.width, to.width);
  let i = 0;
  for (let mask = 0; mask < masks.length; mask++) {
    for (let y = 0; y < to.height; y++) {
      const row = (mask * from.height + rows[y]) * from.width;
      for (let x = 0; x < to.width; x++) resized[i++] = flipped[row + columns[x]];
    }
  }
  return resized;
}

/** Where torch's interpolate(mode='nearest') takes each pixel along an axis from. */
function nearest(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to);
  return new Int32Array(to).map((_, i) => Math.min(Math.floor(Math.fround(i * scale)), from - 1));
}

/**
 * torchvision's project_masks_on_boxes, sample by sample.
 *
 * @param bitmaps of the objects of an image, of its size
 * @param objects [R] the object of each target
 * @param boxes of the objects, which are those of the targets too
 * @param side of a target
 */
export function denseTargets(
  bitmaps: readonly Float32Array[],
  size: Size,
  objects: Int32Array,
  boxes: Boxes,
  side: number,
): Float32Array {
  const targets = new Float32Array(objects.length * side * side);
  objects.forEach((object, i) => {
    const bitmap = bitmaps[object];
    const [x1, y1, x2, y2] = boxes.subarray(4 * object, 4 * object + 4);
    const [width, height] = [Math.max(x2 - x1, 1) / side, Math.max(y2 - y1, 1) / side];
    const [across, down] = [Math.ceil(width), Math.ceil(height)];
    for (let bin = 0; bin < side * side; bin++) {
      let sum = 0;
      for (let sample = 0; sample < across * down; sample++) {
        const x = x1 + ((bin % side) + ((sample % across) + 0.5) / across) * width;
        const y = y1 + (Math.floor(bin / side) + (Math.floor(sample / across) + 0.5) / down) * height;
        sum += interpolated(bitmap, size, x, y);
      }
      targets[i * side * side + bin] = sum / (across * down);
    }
  });
  return targets;
}

/** Probabilities of every pixel of the image for each box, [N, H, W], then run lengths. */
export function densePaste(
  squares: Float32Array,
  side: number,
  threshold: number,
  boxes: Boxes,
  { height, width }: Size,
): Mask[] {
  const pasted = Array.from({ length: numBoxes(boxes) }, (_, i) => {
    const square = squares.subarray(i * side * side, (i + 1) * side * side);
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4).map(Math.trunc);
    const image = new Float32Array(height * width);
    for (let y = Math.max(y1, 0); y < Math.min(y2 + 1, height); y++) {
      for (let x = Math.max(x1, 0); x < Math.min(x2 + 1, width); x++) {
        const u = Math.max(((x - x1 + 0.5) * side) / (x2 - x1 + 1) - 0.5, 0);
        const v = Math.max(((y - y1 + 0.5) * side) / (y2 - y1 + 1) - 0.5, 0);
        image[y * width + x] = interpolated(square, { height: side, width: side }, u, v);
      }
    }
    return image;
  });
  return pasted.map((image) => {
    const pixels = new Uint8Array(image.length);
    for (let i = 0; i < image.length; i++) pixels[i] = Number(image[i] > threshold);
    return rleFromMask(pixels, { height, width });
  });
}

function interpolated(bitmap: Float32Array, { height, width }: Size, x: number, y: number): number {
  const [left, top] = [Math.min(Math.floor(x), width - 1), Math.min(Math.floor(y), height - 1)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const [dx, dy] = [x - left, y - top];
  const upper = (1 - dx) * bitmap[top * width + left] + dx * bitmap[top * width + right];
  const lower = (1 - dx) * bitmap[bottom * width + left] + dx * bitmap[bottom * width + right];
  return (1 - dy) * upper + dy * lower;
}
