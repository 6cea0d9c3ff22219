import type { RgbImage } from '../../detection/structures/resize';

/** Room for `length` values of the same kind; bytes where there is a Buffer, whose constructor is deprecated and whose slices are no copies. */
export function pixelsLike<Pixels extends RgbImage['pixels']>(pixels: Pixels, length: number): Pixels {
  const Kind = [Float32Array, Uint8ClampedArray].find((kind) => pixels instanceof kind) ?? Uint8Array;
  return new Kind(length) as RgbImage['pixels'] as Pixels;
}
