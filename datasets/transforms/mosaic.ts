import type { RandomStream } from '../../detection/nn/random';
import type { Size, Window } from '../../detection/structures/size';

/** Pictures of a mosaic. */
export const MOSAIC_PICTURES = 4;

/** mmdetection's Mosaic, center_ratio_range: how far along each side of the mosaic its four pictures meet. */
const CENTER_RANGE = [0.25, 0.75] as const;

/** How large a picture of a mosaic becomes, and the mosaic as a window of it, in its pixels then. */
export interface MosaicTile {
  readonly resized: Size;
  readonly window: Window;
}

/**
 * Draws a mosaic of four pictures, as mmdetection's Mosaic: each is half as large as it would be alone, and has a corner
 * at the point where all four meet. What reaches beyond the mosaic is cut off, and some of it may stay empty.
 *
 * @param sizes of the four if each were alone: upper left, upper right, lower left, lower right
 */
export function drawMosaic(random: RandomStream, mosaic: Size, sizes: readonly Size[]): MosaicTile[] {
  const drawAlong = (length: number): number => Math.trunc(length * random.between(...CENTER_RANGE));
  const centerX = drawAlong(mosaic.width);
  const centerY = drawAlong(mosaic.height);
  return sizes.map(({ height, width }, i) => {
    const resized = { height: half(height), width: half(width) };
    const left = i % 2 === 0 ? resized.width - centerX : -centerX;
    const top = i < 2 ? resized.height - centerY : -centerY;
    return { resized, window: { top, left, ...mosaic } };
  });
}

function half(length: number): number {
  return Math.max(1, Math.trunc(length / 2));
}
