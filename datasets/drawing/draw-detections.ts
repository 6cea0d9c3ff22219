import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { InputError } from '../../detection/errors';
import { decodeImage, type DecodedImage } from '../images/decode';
import { overlaySvg, type LabelledBox } from './overlay-svg';

const JPEG_QUALITY = 92;

/**
 * Draws boxes with labels and scores over an image.
 *
 * @param image an image file, whose EXIF orientation is ignored as COCO does, or its pixels
 * @param outFile .png, .jpg or .jpeg, written to a temporary name and renamed; null writes nothing
 * @returns the encoded picture: JPEG where the file is one, else PNG
 * @throws InputError where the name of the output file is of no such kind, or it cannot be written, or
 *   the image cannot be read (`decodeImage`)
 */
export async function drawBoxes(
  image: string | DecodedImage,
  boxes: readonly LabelledBox[],
  outFile: string | null,
): Promise<Buffer> {
  const asJpeg = outFile !== null && isJpeg(outFile);
  const { pixels, size } = typeof image === 'string' ? await decodeImage(image) : image;
  const drawn = sharp(pixels, { raw: { ...size, channels: 3 } })
    .composite([{ input: Buffer.from(overlaySvg(size, boxes)), density: 72 }])
    .removeAlpha(); // which composing adds
  const encoded = await (
    asJpeg
      ? drawn.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' }) // thin lines keep their colour
      : drawn.png()
  ).toBuffer();
  if (outFile !== null) {
    const partial = `${outFile}.partial-${process.pid}`;
    try {
      await writeFile(partial, encoded);
      await rename(partial, outFile);
    } catch (error) {
      await rm(partial, { force: true });
      throw new InputError(`${outFile}: cannot be written: ${(error as Error).message}`);
    }
  }
  return encoded;
}

function isJpeg(file: string): boolean {
  const extension = path.extname(file).toLowerCase();
  if (extension === '.png') return false;
  if (extension === '.jpg' || extension === '.jpeg') return true;
  throw new InputError(`${file}: pictures are written as .png, .jpg or .jpeg; choose a name that ends so.`);
}
