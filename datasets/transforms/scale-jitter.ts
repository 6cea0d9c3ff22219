import type { RandomStream } from '../../detection/nn/random';
import { selectBoxes } from '../../detection/structures/boxes';
import { SIZE_DIVISOR } from '../../detection/structures/resize';
import type { Size, Window } from '../../detection/structures/size';
import type { Targets } from '../../detection/structures/instances';

/** Large-scale jitter: pictures in all sizes, of which a square is taken. */
export interface ScaleJitter {
  /** The scale is drawn evenly from here to there. At 1 the picture just fits into the square. */
  readonly range: readonly [from: number, to: number];
  /** Of the square, pixels. */
  readonly side: number;
}

/**
 * The side of a square that costs what a picture of these sides does, a multiple of 32 so that nothing is padded: 1024 for
 * 800 and 1333, as in torchvision's preset "lsj".
 */
export function squareSide({
  minSize,
  maxSize,
}: {
  readonly minSize: number;
  readonly maxSize: number;
}): number {
  return SIZE_DIVISOR * Math.max(1, Math.round(Math.sqrt(minSize * maxSize) / SIZE_DIVISOR));
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

/**
 * What can be seen of the targets in a window, in its pixels: boxes are cut to it, and those of which nothing is left are
 * left out. As torchvision's FixedSizeCrop.
 */
export function cropTargets(
  { boxes: gtBoxes, labels: gtLabels }: Targets,
  { top, left, height, width }: Window,
): Targets {
  const boxes = gtBoxes.map((value, i) =>
    i % 2 === 0 ? Math.min(Math.max(value - left, 0), width) : Math.min(Math.max(value - top, 0), height),
  );
  const kept = Int32Array.from(gtLabels.keys()).filter((i) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
    return x1 < x2 && y1 < y2;
  });
  return { boxes: selectBoxes(boxes, kept), labels: Int32Array.from(kept, (i) => gtLabels[i]) };
}
