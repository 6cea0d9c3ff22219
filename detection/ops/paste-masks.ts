import type { Boxes } from '../structures/boxes';
import type { Mask } from '../structures/mask';
import { MaskBuilder } from '../structures/mask-runs';
import type { Size } from '../structures/size';
import { nextBelow } from './next-below';

const { fround } = Math;

/** Masks as a head predicts them: a small square of probabilities for each box. */
export interface BoxMasks {
  /** Height and width of each square. */
  readonly side: number;
  /** [N * side * side], row by row: that a part of the box belongs to the object. */
  readonly probabilities: Float32Array;
  /** What a pixel's probability has to exceed, or in detectron2 to reach, to be in the mask. */
  readonly threshold: number;
  /** Where the squares' pixels lie in the image; as torchvision has it if left out. */
  readonly pasting?: 'torchvision' | 'detectron2';
}

/**
 * Masks of boxes as masks of the whole image: torchvision's paste_masks_in_image, and the threshold of its evaluator. Each is
 * resized to its box (bilinear, half-pixel centers, with a border of zeros) and goes column by column straight into run
 * lengths: most rows of a column are decided by the two squares' rows that they lie between.
 *
 * @param boxes of the masks, in pixels of the image
 * @param image its size
 */
export function pasteMasks(
  { side, probabilities, threshold, pasting }: BoxMasks,
  boxes: Boxes,
  image: Size,
): Mask[] {
  const isAligned = pasting === 'detectron2';
  const exceeded = isAligned ? nextBelow(threshold) : threshold;
  return Array.from({ length: boxes.length / 4 }, (_, i) => {
    const square = padded(probabilities.subarray(i * side * side, (i + 1) * side * side), side);
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
    const along = (start: number, end: number, imageSide: number): Samples =>
      isAligned
        ? alignedSamples(start, end, side, imageSide)
        : samples(expanded(start, end, fround((side + 2 * PADDING) / side)), side + 2 * PADDING, imageSide);
    const places = { columns: along(x1, x2, image.width), rows: along(y1, y2, image.height) };
    return pasteMask(square, side + 2 * PADDING, exceeded, places, image);
  });
}

/** Zeros around the square, so that a mask ends with its box. */
const PADDING = 1;

/** [(side + 2) * (side + 2)], transposed: column by column. */
function padded(square: Float32Array, side: number): Float32Array {
  const paddedSide = side + 2 * PADDING;
  const result = new Float32Array(paddedSide * paddedSide);
  square.forEach((value, i) => {
    result[((i % side) + PADDING) * paddedSide + Math.floor(i / side) + PADDING] = value;
  });
  return result;
}

function pasteMask(
  square: Float32Array,
  side: number,
  threshold: number,
  { columns, rows }: { readonly columns: Samples; readonly rows: Samples },
  image: Size,
): Mask {
  const builder = new MaskBuilder(image);
  const firstRows = firstSamples(rows, side);
  const profile = new Float32Array(side);
  columns.low.forEach((low, column) => {
    const high = Math.min(low + 1, side - 1);
    const share = columns.share[column];
    for (let y = 0; y < side; y++) {
      profile[y] = fround(1 - share) * square[low * side + y] + share * square[high * side + y];
    }
    const x = columns.first + column;
    for (let y = 0; y < side; y++) {
      const [from, to] = [firstRows[y], firstRows[y + 1]];
      if (from === to) continue;
      const [upper, lower] = [profile[y], profile[Math.min(y + 1, side - 1)]];
      if (upper > threshold && lower > threshold) {
        builder.add(x, rows.first + from, rows.first + to);
      } else if (upper > threshold || lower > threshold) {
        for (let row = from; row < to; row++) {
          const value = fround(fround(1 - rows.share[row]) * upper + rows.share[row] * lower);
          if (value > threshold) builder.add(x, rows.first + row, rows.first + row + 1);
        }
      }
    }
  });
  return builder.mask();
}

/**
 * One side of a box, made larger about its center, as whole pixels: first and last. Truncated towards zero as torchvision
 * does, not rounded down.
 */
function expanded(start: number, end: number, scale: number): [first: number, last: number] {
  const half = fround(fround(fround(end - start) * 0.5) * scale);
  const center = fround(fround(end + start) * 0.5);
  return [Math.trunc(fround(center - half)), Math.trunc(fround(center + half))];
}

/** Where the pixels of a side that are inside of the image lie between those of the square. */
interface Samples {
  /** The first pixel inside of the image. */
  readonly first: number;
  /** For each pixel from `first` on: the square's pixel at or before it. */
  readonly low: Int32Array;
  /** For each: how much the next one counts. */
  readonly share: Float32Array;
}

/** torch's interpolate(mode='bilinear', align_corners=False), in float32 as there. */
function samples([first, last]: readonly [number, number], side: number, imageSide: number): Samples {
  const length = Math.max(last - first + 1, 1);
  const scale = fround(side / length);
  const start = Math.max(first, 0);
  const count = Math.max(Math.min(last + 1, imageSide) - start, 0);
  const low = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const position = Math.max(fround(fround(scale * (start - first + i + 0.5)) - 0.5), 0);
    low[i] = Math.min(Math.floor(position), side - 1);
    share[i] = low[i] === side - 1 ? 0 : position - low[i];
  }
  return { first: start, low, share };
}

/**
 * detectron2's _do_paste_mask: where the middles of pixels lie between those of the square's pixels, by torch's grid_sample
 * (align_corners=False, zeros outside), in float32 as there. Positions are those of the square with its border of zeros.
 */
function alignedSamples(start: number, end: number, side: number, imageSide: number): Samples {
  const first = Math.min(Math.max(Math.floor(start) - 1, 0), imageSide);
  const length = fround(end - start);
  const count = length > 0 ? Math.max(Math.min(Math.ceil(end) + 1, imageSide) - first, 0) : 0;
  const low = new Int32Array(count);
  const share = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const ofBox = fround(fround(fround(first + i + 0.5) - start) / length);
    const normalized = fround(fround(ofBox * 2) - 1);
    const position = fround(fround(fround(fround(normalized + 1) * side) - 1) / 2);
    const isInside = position > -1 && position < side;
    low[i] = isInside ? Math.floor(position) + PADDING : position < side ? 0 : side + PADDING;
    share[i] = isInside ? position - Math.floor(position) : 0;
  }
  return { first, low, share };
}

/** [side + 1]: the first of the samples that lies at or behind each pixel of the square. */
function firstSamples({ low }: Samples, side: number): Int32Array {
  let sample = 0;
  return Int32Array.from({ length: side + 1 }, (_, y) => {
    while (sample < low.length && low[sample] < y) sample++;
    return sample;
  });
}
