import type { Size, Window } from '../../detection/structures/size';
import type { RgbImage } from '../../detection/structures/resize';
import { pixelsLike } from './pixels-like';

/** A copy of a part of a picture in memory. The window lies in it. */
export function cropImage<Pixels extends RgbImage['pixels']>(
  { pixels, size }: { readonly pixels: Pixels; readonly size: Size },
  { left, top, width, height }: Window,
): { readonly pixels: Pixels; readonly size: Size } {
  const part = pixelsLike(pixels, 3 * width * height);
  for (let y = 0; y < height; y++) {
    const start = 3 * ((top + y) * size.width + left);
    part.set(pixels.subarray(start, start + 3 * width), 3 * width * y);
  }
  return { pixels: part, size: { width, height } };
}
