import type { Window } from '../../detection/structures/size';
import type { DecodedImage } from '../images/decode';

/** A color, R, G, B, bytes. */
export type Color = readonly [red: number, green: number, blue: number];

/** A picture in a window, which may reach beyond it on any side: there it has another color. */
export function windowOfPicture(
  { pixels, size }: DecodedImage,
  { top, left, height, width }: Window,
  color: Color,
): DecodedImage {
  const seen = new Uint8Array(height * width * 3);
  for (let i = 0; i < 3 * width; i += 3) seen.set(color, i);
  for (let y = 1; y < height; y++) seen.copyWithin(3 * y * width, 0, 3 * width);
  const [firstRow, lastRow] = [Math.max(top, 0), Math.min(top + height, size.height)];
  const [from, to] = [Math.max(left, 0), Math.min(left + width, size.width)];
  if (from < to) {
    for (let y = firstRow; y < lastRow; y++) {
      const row = pixels.subarray(3 * (y * size.width + from), 3 * (y * size.width + to));
      seen.set(row, 3 * ((y - top) * width + from - left));
    }
  }
  return { pixels: seen, size: { height, width } };
}
