import type { RandomStream } from '../../detection/nn/random';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Size, Window } from '../../detection/structures/size';

/** Large-scale jitter: pictures in all sizes, of which a square is taken. */
export interface ScaleJitter {
  /** The scale is drawn evenly from here to there. At 1 the picture just fits into the square. */
  readonly range: readonly [from: number, to: number];
  /** Of the square, pixels. */
  readonly side: number;
}

/**
 * The side of a square that costs what a picture does that is as large as the model takes them, a multiple of its divisor
 * so that nothing is padded: 1024 for 800 and 1333, as in torchvision's preset "lsj".
 */
export function squareSide({ resize, sizeDivisor }: InputSpec): number {
  const pixels = resize.kind === 'fixed' ? resize.height * resize.width : resize.minSize * resize.maxSize;
  return sizeDivisor * Math.max(1, Math.round(Math.sqrt(pixels) / sizeDivisor));
}

/**
 * Draws how large a picture becomes, and where in it the square lies: as torchvision's references/detection ScaleJitter
 * and FixedSizeCrop. One number places the square along both axes. A smaller picture lies at the left and top of it.
 */
export function drawScaleJitter(
  random: RandomStream,
  { height, width }: Size,
  { range: [from, to], side }: ScaleJitter,
): { resized: Size; window: Window } {
  const ratio = Math.min(side / height, side / width) * random.between(from, to);
  const resized = {
    height: Math.max(1, Math.trunc(height * ratio)),
    width: Math.max(1, Math.trunc(width * ratio)),
  };
  const position = random.uniform();
  const startOf = (length: number): number => Math.trunc(Math.max(0, length - side) * position);
  return {
    resized,
    window: { top: startOf(resized.height), left: startOf(resized.width), height: side, width: side },
  };
}
