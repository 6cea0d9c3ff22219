import { InputError } from '../../../detection/errors';
import type { RgbImage } from '../../../detection/structures/resize';

/** As `decodeImage` of `datasets/images`: what PIL refuses. */
const MAX_PIXELS = 178_956_970;

/**
 * The pixels of a picture, upright, with color profiles ignored, as `decodeImage` gives them for `rcnn detect`. A canvas keeps no
 * color where a picture is fully transparent: it is black there.
 *
 * @throws InputError where the browser cannot decode it.
 */
export async function decodePicture(name: string, file: Blob): Promise<RgbImage> {
  const bitmap = await bitmapOf(name, file);
  try {
    const { width, height } = bitmap;
    if (width * height > MAX_PIXELS) throw tooLarge(name, bitmap);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    // A canvas that is larger than the browser can make stays empty, without an error.
    context.fillRect(0, 0, 1, 1);
    if (context.getImageData(0, 0, 1, 1).data[3] === 0) throw tooLarge(name, bitmap);
    context.clearRect(0, 0, 1, 1);
    context.drawImage(bitmap, 0, 0);
    return { pixels: withoutAlpha(context.getImageData(0, 0, width, height).data), size: { width, height } };
  } finally {
    bitmap.close();
  }
}

async function bitmapOf(name: string, file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch (error) {
    throw new InputError(
      'page-picture',
      `${name}: this browser cannot decode it. JPEG, PNG, WebP, GIF and BMP work; the file may also be damaged.`,
      { file: name },
      { cause: error },
    );
  }
}

function tooLarge(name: string, { width, height }: ImageBitmap): InputError {
  return new InputError(
    'page-picture-large',
    `${name}: has ${width} x ${height} pixels, more than this browser can read. Take a smaller one.`,
    { file: name, width, height },
  );
}

/** RGBA to RGB. */
function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    pixels[to] = rgba[from];
    pixels[to + 1] = rgba[from + 1];
    pixels[to + 2] = rgba[from + 2];
  }
  return pixels;
}
