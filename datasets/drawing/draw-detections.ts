import sharp, { type Sharp } from 'sharp';
import type { DecodedImage } from '../images/decode';
import { overlaySvg, type LabeledBox } from './overlay-svg';

/** How a drawing is encoded; `raw` is RGB, row by row. */
export type DrawingFormat = 'png' | 'jpeg' | 'raw';

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
  return encode(drawn, format);
}

/**
 * Cuts a box out of an image, widened to whole pixels and cut off where the image ends; one that lies outside of it gives the
 * nearest pixel.
 *
 * @param box x1, y1, x2, y2 in pixels of the image
 * @returns the encoded picture
 */
export async function cropBox(
  { pixels, size }: DecodedImage,
  [x1, y1, x2, y2]: LabeledBox['box'],
  format: DrawingFormat,
): Promise<Buffer> {
  const [left, width] = wholePixels(x1, x2, size.width);
  const [top, height] = wholePixels(y1, y2, size.height);
  const crop = sharp(pixels, { raw: { ...size, channels: 3 } }).extract({ left, top, width, height });
  return encode(crop, format);
}

/** The first pixel of a range, and how many there are. */
function wholePixels(from: number, to: number, length: number): [first: number, count: number] {
  const first = Math.max(0, Math.min(Math.floor(from), length - 1));
  return [first, Math.max(1, Math.min(Math.ceil(to), length) - first)];
}

function encode(picture: Sharp, format: DrawingFormat): Promise<Buffer> {
  if (format === 'raw') return picture.raw().toBuffer();
  if (format === 'png') return picture.png().toBuffer();
  return picture.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }).toBuffer(); // thin lines keep their color
}
