import sharp, { type Sharp } from 'sharp';
import type { RgbImage } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import type { PictureParts } from '../images/picture-parts';
import { overlaySvg, type LabeledBox } from './overlay-svg';

/** How a drawing is encoded; `raw` is RGB, row by row. */
export type DrawingFormat = 'png' | 'jpeg' | 'raw';

const JPEG_QUALITY = 92;

/**
 * Draws objects, their boxes, masks, keypoints, labels and scores, over an image, whose pixels stay as they are.
 *
 * @returns the encoded picture
 */
export async function drawBoxes(
  { pixels, size }: RgbImage,
  boxes: readonly LabeledBox[],
  format: DrawingFormat,
): Promise<Buffer> {
  const drawn = sharp(pixels, { raw: { ...size, channels: 3 } })
    .composite([{ input: Buffer.from(overlaySvg(size, boxes)), density: 72 }])
    .removeAlpha(); // which composing adds
  return encode(drawn, format);
}

/** Longest side of the drawing of a picture that is too large to be in memory, pixels. */
export const MAX_DRAWN_SIDE = 4096;

/**
 * Draws objects over a picture; over a reduced one where it is too large to be in memory.
 *
 * @param boxes in pixels of the picture
 * @returns the encoded picture
 */
export async function drawBoxesReduced(
  picture: PictureParts,
  boxes: readonly LabeledBox[],
  format: DrawingFormat,
): Promise<Buffer> {
  const { width, height } = picture.size;
  const scale = Math.min(1, MAX_DRAWN_SIDE / Math.max(width, height));
  const image = await picture.whole({
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  });
  return drawBoxes(image, scaledBoxes(boxes, picture.size, image.size), format);
}

/** Objects in pixels of a picture of one size, in pixels of it at another. Masks stay: they are drawn at any size. */
export function scaledBoxes<Drawn extends Pick<LabeledBox, 'box' | 'keypoints'>>(
  boxes: readonly Drawn[],
  from: Size,
  to: Size,
): Drawn[] {
  const [x, y] = [to.width / from.width, to.height / from.height];
  return boxes.map((drawn) => {
    const [x1, y1, x2, y2] = drawn.box;
    const { keypoints } = drawn;
    return {
      ...drawn,
      box: [x1 * x, y1 * y, x2 * x, y2 * y],
      ...(keypoints && {
        keypoints: {
          ...keypoints,
          points: Array.from(keypoints.points, (value, i) => value * [x, y, 1][i % 3]),
        },
      }),
    };
  });
}

/**
 * Cuts boxes out of a picture, widened to whole pixels and cut off where the picture ends; one that lies outside of it gives the
 * nearest pixel.
 *
 * @param boxes x1, y1, x2, y2 of each in pixels of the picture
 * @returns the encoded pictures, in any order, with the index of each box
 */
export async function* cropBoxes(
  picture: PictureParts,
  boxes: readonly LabeledBox['box'][],
  format: DrawingFormat,
): AsyncGenerator<{ readonly index: number; readonly encoded: Buffer }, void> {
  const windows = boxes.map(([x1, y1, x2, y2]) => {
    const [left, width] = wholePixels(x1, x2, picture.size.width);
    const [top, height] = wholePixels(y1, y2, picture.size.height);
    return { left, top, width, height };
  });
  for await (const { index, image } of picture.parts(windows)) {
    const crop = sharp(image.pixels, { raw: { ...image.size, channels: 3 } });
    yield { index, encoded: await encode(crop, format) };
  }
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
