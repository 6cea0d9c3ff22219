import { decodeImage } from '../../datasets/images/decode';
import type { Size } from '../../detection/structures/size';
import { sharedPath } from '../shared-path';

/** RGB bytes. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly size: Size;
}

/** Waves and blocks in whole numbers: the same bytes everywhere. */
function drawn(width: number, height: number): Picture {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, i++) {
        const ramp = (x * (c + 1) + y * (4 - c) + 53 * ((x >> 5) ^ (y >> 5))) % 512;
        pixels[i] = ramp < 256 ? ramp : 511 - ramp;
      }
    }
  }
  return { pixels, size: { height, width } };
}

async function photo(file: string, crop?: Size & { x: number; y: number }): Promise<Picture> {
  const whole = await decodeImage(sharedPath(`data/${file}`));
  if (!crop) return whole;
  const { x, y, width, height } = crop;
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const start = 3 * ((y + row) * whole.size.width + x);
    pixels.set(whole.pixels.subarray(start, start + 3 * width), 3 * row * width);
  }
  return { pixels, size: { height, width } };
}

/** Of different shapes, so that a batch of them is padded on both sides. */
export const pictureSets = {
  drawn: () => Promise.resolve([drawn(231, 173), drawn(150, 211)]),
  // 375 x 500 is one of the sizes for which a scale in float32 would give another resized size.
  photos: () =>
    Promise.all([
      photo('bccd/images/BloodImage_00379.jpg'),
      photo('microcontrollers/images/IMG_20190104_164523.jpg', { x: 210, y: 50, width: 375, height: 500 }),
    ]),
} as const satisfies Record<string, () => Promise<Picture[]>>;
