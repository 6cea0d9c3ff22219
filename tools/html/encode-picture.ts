import sharp from 'sharp';
import type { DecodedImage } from '../../datasets/images/decode';
import type { Size } from '../../detection/structures/size';

/** Small, and good enough for a glance. */
const THUMBNAIL_QUALITY = 75;

/** A picture resized to `shown` pixels as a JPEG file, for pages. */
export function encodePicture(
  { pixels, size }: DecodedImage,
  shown: Size,
  quality = THUMBNAIL_QUALITY,
): Promise<Buffer> {
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .resize({ ...shown, fit: 'fill' })
    .jpeg({ quality })
    .toBuffer();
}
