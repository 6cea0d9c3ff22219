import type { RandomStream } from '../../detection/nn/random';
import type { Size, Window } from '../../detection/structures/size';

const { fround, trunc } = Math;

/** torchvision's RandomZoomOut: how many times as long as the picture's the sides of the canvas are. */
const SIDE_RANGE = [1, 4] as const;

/**
 * Draws a larger canvas, and where on it the picture lies: SSD's zoom out, as torchvision's RandomZoomOut.
 *
 * @returns the canvas as a window of the picture: it begins above and left of it
 */
export function drawZoomOut(random: RandomStream, { height, width }: Size): Window {
  const [from, to] = SIDE_RANGE;
  const ratio = fround(from + fround(fround(random.uniform()) * (to - from)));
  const canvas = { height: trunc(fround(height * ratio)), width: trunc(fround(width * ratio)) };
  const drawStart = (room: number): number => trunc(fround(room * fround(random.uniform())));
  const left = drawStart(canvas.width - width);
  const top = drawStart(canvas.height - height);
  return { top: top === 0 ? 0 : -top, left: left === 0 ? 0 : -left, ...canvas };
}
