import type { DecodedImage } from '../images/decode';

/** A picture that is mirrored top to bottom. */
export function flipPictureVertically({ pixels, size }: DecodedImage): DecodedImage {
  const flipped = new Uint8Array(pixels.length);
  const row = 3 * size.width;
  for (let y = 0; y < size.height; y++) {
    flipped.set(pixels.subarray(y * row, (y + 1) * row), (size.height - 1 - y) * row);
  }
  return { pixels: flipped, size };
}
