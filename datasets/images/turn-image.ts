import type { RgbImage } from '../../detection/structures/resize';
import { stepsOf, turnSize, type Orientation } from './orientation';
import { pixelsLike } from './pixels-like';

/** A picture in memory, turned. */
export function turnImage<Pixels extends RgbImage['pixels']>(
  image: RgbImage & { readonly pixels: Pixels },
  orientation: Orientation,
): RgbImage & { readonly pixels: Pixels } {
  if (orientation === 1) return image;
  const { transposes, mirrorsX, mirrorsY } = stepsOf(orientation);
  const { pixels } = image;
  const size = turnSize(image.size, orientation);
  // Of a step to the right and of one down, in the stored pixels.
  const [right, down] = transposes ? [3 * image.size.width, 3] : [3, 3 * image.size.width];
  const turned = pixelsLike(pixels, pixels.length);
  for (let y = 0, to = 0; y < size.height; y++) {
    const row = (mirrorsY ? size.height - 1 - y : y) * down;
    for (let x = 0; x < size.width; x++) {
      const from = row + (mirrorsX ? size.width - 1 - x : x) * right;
      turned[to++] = pixels[from];
      turned[to++] = pixels[from + 1];
      turned[to++] = pixels[from + 2];
    }
  }
  return { pixels: turned, size };
}
