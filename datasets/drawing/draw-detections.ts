import sharp from 'sharp';
import type { DecodedImage } from '../images/decode';
import { overlaySvg, type LabeledBox } from './overlay-svg';

/** How a drawing is encoded. */
export type DrawingFormat = 'png' | 'jpeg';

const JPEG_QUALITY = 92;

/**
 * Draws boxes with labels and scores over an image, whose pixels stay as they are.
 *
 * @returns the encoded picture
 */
export async function drawBoxes(
  { pixels, size }: DecodedImage,
  boxes: readonly LabeledBox[],
  format: DrawingFormat,
): Promise<Buffer> {
  const drawn = sharp(pixels, { raw: { ...size, channels: 3 } })
    .composite([{ input: Buffer.from(overlaySvg(size, boxes)), density: 72 }])
    .removeAlpha(); // which composing adds
  const encoded =
    format === 'jpeg'
      ? drawn.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }) // thin lines keep their color
      : drawn.png();
  return encoded.toBuffer();
}
